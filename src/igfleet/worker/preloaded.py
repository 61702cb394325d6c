"""What the process that all runs come from imports last: it readies what each run would ready for itself.

What it holds by now is set aside from garbage collection. Else the first collection of each run would touch, and so
copy, all the memory that runs share.
"""

import gc

from PIL import Image

Image.preinit()
gc.collect()
gc.freeze()
