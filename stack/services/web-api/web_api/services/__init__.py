"""What the shop does, independent of how it is asked."""
