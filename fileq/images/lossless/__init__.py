"""The same picture in fewer bytes: a source's file written again in its own format, its pixels as they are."""
