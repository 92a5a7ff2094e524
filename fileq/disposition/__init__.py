"""What becomes of a watched source once its jobs have ended: it is kept, moved or deleted.

One process at a time moves or deletes a source: it has a lease, and checks that before each step that can't be taken
back.
What is about to happen is written down before it happens, so that after a crash whoever is there finishes it. Whatever
happens, there is the file under its old name, its new one, or for a moment under a hidden one that the ledger knows;
never none, unless it was to be deleted. A newer file of the same name never goes.
"""

from fileq.disposition.disposal import dispose

__all__ = ["dispose"]
