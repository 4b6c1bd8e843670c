#!/bin/sh
# The step: says where it runs and what it got. It needs sh and cat.

echo "$GREETING, $1! This is process $$ in $PWD."
echo
if [ -e /etc/hello-root ]; then
  echo "  root      $(cat /etc/hello-root):" /*
else
  echo "  root      the machine's own"
fi
if [ -e "$OUTSIDE" ]; then
  echo "  outside   $OUTSIDE can be seen"
else
  echo "  outside   $OUTSIDE cannot be seen"
fi
echo "  GREETING  $GREETING"
echo "  FROM      $FROM"
echo "  ROOT      ${ROOT-(not set)}"
