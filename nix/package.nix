# The converter: the crate and its Python package, with the crate's own lock; no hash of vendored sources to keep.
{
  lib,
  buildPythonPackage,
  rustPlatform,
}:
let
  manifest = lib.importTOML ../rust_converter/Cargo.toml;
in
buildPythonPackage {
  pname = "ocsfconv";
  inherit (manifest.package) version;
  pyproject = true;

  src = lib.fileset.toSource {
    root = ../.;
    fileset = lib.fileset.unions [
      ../LICENSE
      ../README.md
      ../python/LICENSE
      ../python/README.md
      ../python/ocsfconv
      ../python/pyproject.toml
      ../rust_converter/Cargo.lock
      ../rust_converter/Cargo.toml
      ../rust_converter/schema
      ../rust_converter/src
    ];
  };

  cargoRoot = "rust_converter";
  buildAndTestSubdir = "python";
  cargoDeps = rustPlatform.importCargoLock { lockFile = ../rust_converter/Cargo.lock; };
  nativeBuildInputs = [
    rustPlatform.cargoSetupHook
    rustPlatform.maturinBuildHook
  ];

  dependencies = [ ];

  pythonImportsCheck = [
    "ocsfconv"
    "ocsfconv.cli"
  ];

  meta = {
    inherit (manifest.package) description;
    license = lib.licenses.mit;
    mainProgram = "ocsfconv";
  };
}
