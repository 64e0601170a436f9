"""JavaScript of visitors, executed in QuickJS compiled to WebAssembly: no files, no network, bounded memory and time."""
