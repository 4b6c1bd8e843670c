#!/bin/sh
# The `env` of the example's root: agent asks it which variables the root gives to every step.
export PATH=/usr/bin:/bin ROOT="set by the root's own env"
exec /usr/libexec/env "$@"
