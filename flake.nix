{
  description = "Runs a real shop, collects its telemetry, turns it into OCSF Parquet";

  inputs.nixpkgs.url = "github:NixOS/nixpkgs/nixos-unstable";

  outputs =
    { self, nixpkgs }:
    let
      systems = [
        "x86_64-linux"
        "aarch64-linux"
        "aarch64-darwin"
      ];
      each = make: nixpkgs.lib.genAttrs systems (system: make nixpkgs.legacyPackages.${system});
    in
    {
      packages = each (pkgs: {
        default = pkgs.python3Packages.callPackage ./nix/package.nix { };
      });

      devShells = each (pkgs: {
        default = pkgs.callPackage ./nix/shell.nix { };
      });

      apps = each (
        pkgs:
        let
          inherit (pkgs.stdenv.hostPlatform) system;
          tools = pkgs.callPackage ./nix/tools.nix { };
          # In the folder that it is called from, a checkout: what it makes stays there.
          dataset = pkgs.writeShellApplication {
            name = "dataset";
            runtimeInputs = tools.programs;
            runtimeEnv = tools.environment;
            text = ''exec make dataset "$@"'';
          };
        in
        {
          default = {
            type = "app";
            program = nixpkgs.lib.getExe self.packages.${system}.default;
            meta.description = "Convert the Collector's files";
          };
          dataset = {
            type = "app";
            program = nixpkgs.lib.getExe dataset;
            meta.description = "Record the shop and convert, in a checkout: nix run .#dataset -- DURATION=10m";
          };
        }
      );

      checks = each (
        pkgs:
        let
          inherit (pkgs.stdenv.hostPlatform) system;
        in
        {
          package = self.packages.${system}.default;
          shell = self.devShells.${system}.default;
        }
      );

      formatter = each (pkgs: pkgs.nixfmt-tree);
    };
}
