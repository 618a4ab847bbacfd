"""What leaves this server: documents, activities, deliveries, and what we fetch from others."""
