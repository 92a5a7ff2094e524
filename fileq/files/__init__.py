"""Files and folders, safely: which file is which, names held by handles, and placing that never overwrites."""
