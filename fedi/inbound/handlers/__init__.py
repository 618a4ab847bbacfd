"""One file per activity: who may say it, what must be asked for first, and which verb it means."""
