#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# compile-commands.sh "COMMAND" FILE…: prints compile_commands.json for clangd and clang-tidy.
command=${1//\\/\\\\}
command=${command//\"/\\\"}
shift
sep='['
for f in "$@"; do
	printf '%s\n{"directory":"%s","file":"%s","command":"%s -c %s"}' "$sep" "$PWD" "$f" "$command" "$f"
	sep=,
done
printf '\n]\n'
