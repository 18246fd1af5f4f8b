# Every output of the flake on each of its systems, from a nixpkgs tree at hand: nothing is fetched, built or copied.
#   nix-instantiate --eval --strict --json nix/evaluate.nix --arg nixpkgs /path/to/nixpkgs
{ nixpkgs }:
let
  lib = import (nixpkgs + "/lib");
  legacyPackages = lib.genAttrs lib.systems.flakeExposed (
    system:
    import nixpkgs {
      inherit system;
      config = { };
      overlays = [ ];
    }
  );
  self = (import ../flake.nix).outputs {
    inherit self;
    nixpkgs = { inherit lib legacyPackages; };
  };
in
lib.mapAttrsRecursiveCond (value: !lib.isDerivation value) (
  _: value: if lib.isDerivation value then value.drvPath else value
) self
