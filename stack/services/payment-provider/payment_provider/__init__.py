"""A card processor and parcel carrier behind one API, as its customers see it."""
