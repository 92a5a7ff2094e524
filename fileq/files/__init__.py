"""Files and folders, safely: which file is which, folders held by handles, and names that are never taken away."""
