"""The daemon: one link and one writer for many people, served over a Unix socket."""
