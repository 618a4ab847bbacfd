"""The bench: how far hot paths are from their floor, as ratios within one run.

`./run bench` runs it. Machines are noisy and differ, so no second is asserted anywhere: each goal compares
the server with a bare program that does the unavoidable part of the same work, in slices that alternate
(B A B A …) within one run, by the CPU time of the processes under test.
"""
