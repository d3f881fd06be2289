#!/bin/sh
# placeholder: programs of this root are never run
exit 0
