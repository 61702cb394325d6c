"""What the process that all runs come from imports last: what it holds by now is set aside from garbage collection.

Else the first collection of each run would touch, and so copy, all the memory that runs share.
"""

import gc

gc.collect()
gc.freeze()
