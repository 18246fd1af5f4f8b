# `nix develop`: the programs, and nothing that `make setup` locks.
{ callPackage, mkShell }:
let
  tools = callPackage ./tools.nix { };
in
mkShell {
  packages = tools.programs;
  env = tools.environment;
}
