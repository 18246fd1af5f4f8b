# Every program that the Makefile and the local runtime use. Python and Node.js packages are not among them: they come from
# the project's own locks here as everywhere, so that data do not depend on how the shell was made.
{
  lib,
  stdenv,
  cargo,
  cargo-deny,
  clippy,
  git,
  gnumake,
  maturin,
  nodejs,
  opentelemetry-collector-contrib,
  postgresql,
  python3,
  ruff,
  rustc,
  rustfmt,
  util-linux,
  uv,
  valkey,
  zlib,
}:
{
  programs = [
    stdenv.cc
    cargo
    cargo-deny
    clippy
    git
    gnumake
    maturin
    nodejs
    opentelemetry-collector-contrib
    postgresql
    python3
    ruff
    rustc
    rustfmt
    uv
    valkey
  ]
  ++ lib.optional stdenv.hostPlatform.isLinux util-linux; # setpriv, for PostgreSQL under root

  environment = {
    # Programs out of wheels expect a loader where NixOS has none.
    MATURIN = lib.getExe maturin;
    RUFF = lib.getExe ruff;
  }
  // lib.optionalAttrs stdenv.hostPlatform.isLinux {
    # What wheels with C++ in them (pyarrow, duckdb) take from the system.
    LD_LIBRARY_PATH = lib.makeLibraryPath [
      stdenv.cc.cc
      zlib
    ];
  };
}
