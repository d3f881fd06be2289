# kvmhost: one non-recursive Makefile. Quiet by default, V=1 for all commands.
#
#   make                 build/kvmhost
#   sudo make provision  install what is missing, build, install, show the plan, ask, apply, report
#   sudo make check      all tests that need no virtual machine, and again under ASan+UBSan
#   make help            the rest

B      ?= build
MODE   ?= release
CC     ?= gcc
prefix ?= /usr/local
V      ?= 0
Q       = $(if $(filter 1,$V),,@)
say     = $(if $(filter 1,$V),,@printf '  %-8s %s\n' $(1) $(2))

all: $B/kvmhost

# ---- what this machine has: compiler, libraries (made by tools/configure, again when it changes) ----
needs_no_config := help clean distclean format deps
ifneq ($(filter-out $(needs_no_config),$(or $(MAKECMDGOALS),all)),)
include $B/config.mk
endif
$B/config.mk: tools/configure
	@mkdir -p $B
	@CC='$(CC)' tools/configure $(if $(filter check check-% provision,$(MAKECMDGOALS)),--install) > $@.new && mv $@.new $@

# ---- flags ----
version := $(shell cat VERSION)
warnings := -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wwrite-strings \
	-Wvla -Wformat=2 $(JUMP_MISSES_INIT) -Wswitch-enum -Wundef -Wpointer-arith
common := -std=gnu11 -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -DKH_VERSION='"$(version)"' -I. -I$B $(warnings) -MMD -MP
flags_release := -O2 -g -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fPIE
link_release  := -pie -Wl,-z,relro,-z,now -Wl,--as-needed
flags_asan    := -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
link_asan     := -fsanitize=address,undefined
flags_cover   := -O0 -g --coverage
link_cover    := --coverage
compile = $(CC) $(common) $(flags_$(MODE)) $(CFLAGS) $(LIB_CFLAGS)
link    = $(CC) $(link_$(MODE)) $(LDFLAGS)

# ---- sources ----
lib_dirs := core/base core grub net stages
lib_c    := $(sort $(wildcard $(addsuffix /*.c,$(lib_dirs))))
cmd_c    := $(sort $(wildcard cmd/*.c))
lib_o    := $(lib_c:%.c=$B/%.o) $B/templates.o
cmd_o    := $(cmd_c:%.c=$B/%.o)
testlib_o := $(patsubst %.c,$B/%.o,$(sort $(wildcard tests/lib/*.c)))
unit_c   := $(sort $(wildcard tests/unit/test_*.c tests/stages/test_*.c))
unit     := $(unit_c:%.c=$B/%)
templates := $(sort $(shell find templates -type f 2>/dev/null))

$B/kvmhost: $(cmd_o) $B/libkvmhost.a
	$(call say,LINK,$@)
	$Q$(link) -o $@ $^ $(LIBS)

$B/libkvmhost.a: $(lib_o)
	$(call say,AR,$@)
	$Qrm -f $@ && ar rcs $@ $^

$B/%.o: %.c $B/config.mk VERSION
	$(call say,CC,$<)
	$Qmkdir -p $(@D) && $(compile) -c -o $@ $<

$B/templates.c: tools/embed $(templates)
	$(call say,EMBED,$@)
	$Qmkdir -p $(@D) && tools/embed $(templates) > $@
$B/templates.o: $B/templates.c
	$Q$(compile) -c -o $@ $<

$B/tests/%: $B/tests/%.o $(testlib_o) $B/libkvmhost.a
	$(call say,LINK,$@)
	$Qmkdir -p $(@D) && $(link) -o $@ $^ $(LIBS) $(TEST_LIBS)

-include $(shell find $B -name '*.d' 2>/dev/null)

# ---- tests ----
.PHONY: all check units deps help clean distclean format provision install
units: $B/kvmhost $(unit)
	$QB=$B tests/run $(unit)

clean:
	rm -rf $B
distclean:
	rm -rf build build-*
deps:
	@tools/configure --install >/dev/null
format:
	clang-format -i $(shell git ls-files '*.c' '*.h')
.SECONDARY:
.DELETE_ON_ERROR:
