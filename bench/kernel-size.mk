# kernel-size.mk - for bench/kernel-size: names every object that a configured kernel tree would compile.
#
#   make -s -f kernel-size.mk srctree=TREE obj=drivers   (in the build directory, after syncconfig)
#
# It reads the Makefiles as scripts/Makefile.build does, and compiles nothing.
MAKEFLAGS += -rR --include-dir=$(srctree)
.SUFFIXES:
self := $(abspath $(lastword $(MAKEFILE_LIST)))
export srctree
export objtree := .
export SRCARCH := x86
export ARCH := x86
export BITS := 64
export CC := gcc
export LD := ld
src := $(obj)
PHONY := count
count:
-include include/config/auto.conf
include $(srctree)/scripts/Kbuild.include
kbuild-dir := $(srctree)/$(src)
include $(or $(wildcard $(kbuild-dir)/Kbuild),$(kbuild-dir)/Makefile)
include $(srctree)/scripts/Makefile.lib

objects := $(sort $(filter %.o,$(real-obj-y) $(real-obj-m) $(lib-y)))
count:
	@printf '%s\n' $(objects)
	@for dir in $(sort $(subdir-ym)); do $(MAKE) -s -f $(self) srctree=$(srctree) obj=$$dir; done
.PHONY: $(PHONY)
