# kvmhost: one non-recursive Makefile. Quiet by default, V=1 for all commands.
#
#   make                 build/kvmhost
#   sudo make provision  install what is missing, build, install, show the plan, ask, apply, report
#   sudo make check      all tests that need no virtual machine, and again under ASan+UBSan
#   make help            the rest

B      ?= build
MODE   ?= release
ifeq ($(origin CC),default)
CC      = gcc
endif
prefix ?= /usr/local
V      ?= 0
Q       = $(if $(filter 1,$V),,@)
say     = $(if $(filter 1,$V),,@printf '  %-8s %s\n' $(1) $(2))

all: programs

# ---- what this machine has: compiler, libraries (made by tools/configure, again when it changes) ----
needs_no_config := help clean distclean format deps
ifneq ($(filter-out $(needs_no_config),$(or $(MAKECMDGOALS),all)),)
include $B/config.mk
endif
$B/config.mk: tools/configure
	@mkdir -p $B
	@CC='$(CC)' tools/configure $(CONFIGURE) $(if $(filter check check-% asan provision install,$(MAKECMDGOALS)),--install) \
		$(if $(filter check check-% asan,$(MAKECMDGOALS)),--tests) > $@.new && mv $@.new $@

# ---- what is made ----
programs := $B/kvmhost $(if $(HAS_FETCH),$B/kvmhost-fetch)
# Without msgfmt messages are English.
languages := $(if $(HAS_MSGFMT),$(basename $(notdir $(wildcard po/*.po))))
catalogue  = locale/$1/LC_MESSAGES/kvmhost.mo
catalogues := $(foreach language,$(languages),$B/$(call catalogue,$(language)))
programs: $(programs) $(catalogues)

# ---- flags ----
version := $(shell cat VERSION)
# As many compilers as processors, unless somebody said otherwise.
jobs = $(if $(findstring -j,$(MAKEFLAGS)),,-j$(shell nproc))
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
lib_dirs := core/base core grub net kconfig sources platform stages
lib_c    := $(sort $(wildcard $(addsuffix /*.c,$(lib_dirs))))
cmd_c    := $(sort $(wildcard cmd/*.c))
fetch_c  := $(sort $(wildcard fetch/*.c))
lib_o    := $(lib_c:%.c=$B/%.o) $B/templates.o
cmd_o    := $(cmd_c:%.c=$B/%.o)
fetch_o  := $(patsubst %.c,$B/%.o,$(filter-out fetch/main.c,$(fetch_c)))
testlib_o := $(patsubst %.c,$B/%.o,$(sort $(wildcard tests/lib/*.c)))
unit_c   := $(sort $(wildcard tests/unit/test_*.c tests/stages/test_*.c tests/hostile/test_*.c tests/crash/test_*.c))
# Without the worker (tools/configure --without-fetch) there is nothing to test it with.
needs_fetch := \
	tests/unit/test_extract.c tests/unit/test_transfer.c tests/cli/test_fetch tests/cli/test_fetch_rpm tests/fuzz/fuzz_archive.c
unit_c   := $(filter-out $(if $(HAS_FETCH),,$(needs_fetch)),$(unit_c))
unit     := $(unit_c:%.c=$B/%)
cli      := $(filter-out $(if $(HAS_FETCH),,$(needs_fetch)),$(sort $(wildcard tests/cli/test_*)))
fuzz_c   := $(filter-out $(if $(HAS_FETCH),,$(needs_fetch)),$(sort $(wildcard tests/fuzz/fuzz_*.c)))
fuzzers  := $(fuzz_c:%.c=$B/%)
templates := $(sort $(shell find templates -type f 2>/dev/null)) $(sort $(wildcard kconfig/fragments/*.config completions/kvmhost.*))

$B/kvmhost: $(cmd_o) $B/libkvmhost.a
	$(call say,LINK,$@)
	$Q$(link) -o $@ $^ $(LIBS)

$B/libkvmhost.a: $(lib_o)
	$(call say,AR,$@)
	$Qrm -f $@ && ar rcs $@ $^

# The worker that downloads and unpacks: only it needs libcurl, libarchive and liblzma.
$B/kvmhost-fetch: $B/fetch/main.o $B/libfetch.a $B/libkvmhost.a
	$(call say,LINK,$@)
	$Q$(link) -o $@ $^ $(LIBS) $(FETCH_LIBS)

$B/libfetch.a: $(fetch_o)
	$(call say,AR,$@)
	$Qrm -f $@ && ar rcs $@ $^

$B/fetch/%.o: LIB_CFLAGS += $(FETCH_CFLAGS)
# Who has to know whether there is a worker.
$B/cmd/features.o $B/sources/transfer_start.o: LIB_CFLAGS += $(if $(HAS_FETCH),-DKH_HAS_FETCH)
$B/cmd/features.o: LIB_CFLAGS += $(if $(HAS_MSGFMT),-DKH_HAS_LANGUAGES)

$B/%.o: %.c $B/config.mk VERSION
	$(call say,CC,$<)
	$Qmkdir -p $(@D) && $(compile) -c -o $@ $<

$(catalogues): $B/locale/%/LC_MESSAGES/kvmhost.mo: po/%.po $B/config.mk
	$(call say,MSGFMT,$@)
	$Qmkdir -p $(@D) && msgfmt -o $@ $<

# A file that is added or goes changes the list, whatever its date.
$B/templates.list: force
	@mkdir -p $(@D) && echo '$(templates)' | cmp -s - $@ || echo '$(templates)' > $@
$B/templates.c: tools/embed $(templates) $B/templates.list
	$(call say,EMBED,$@)
	$Qmkdir -p $(@D) && tools/embed $(templates) > $@
$B/templates.o: $B/templates.c
	$Q$(compile) -c -o $@ $<

$B/tests/%: $B/tests/%.o $(testlib_o) $B/libkvmhost.a
	$(call say,LINK,$@)
	$Qmkdir -p $(@D) && $(link) -o $@ $(filter %.o,$^) $(filter %.a,$^) $(LIBS) $(TEST_LIBS)

# Tests of the worker's insides.
fetch_tests := $B/tests/unit/test_extract $B/tests/fuzz/fuzz_archive $B/tests/fuzz/fuzz_protocol
$(fetch_tests): $B/libfetch.a
$(fetch_tests): LIBS := $B/libfetch.a $B/libkvmhost.a $(LIBS) $(FETCH_LIBS)
$(fetch_tests:%=%.o): LIB_CFLAGS += $(FETCH_CFLAGS)

# Tests of what the commands print.
cmd_tests := $B/tests/unit/test_watch
$(cmd_tests): $(filter-out $B/cmd/main.o,$(cmd_o))

# Tests of the report's page, whose parts are cmd/'s.
page_o := $(patsubst %.c,$B/%.o,$(sort $(wildcard cmd/report_html*.c cmd/svg*.c)))
page_tests := $B/tests/unit/test_report_html $B/tests/fuzz/fuzz_report
$B/libpage.a: $(page_o)
	$(call say,AR,$@)
	$Qrm -f $@ && ar rcs $@ $^
$(page_tests): $B/libpage.a
$(page_tests): LIBS := $B/libpage.a $B/libkvmhost.a $(LIBS)

$B/bench/%: $B/bench/%.o $B/libkvmhost.a
	$(call say,LINK,$@)
	$Qmkdir -p $(@D) && $(link) -o $@ $^ $(LIBS)

# Not what packages are made in: there are directories called *.d.
-include $(shell find $B \( -path $B/deb -o -path $B/rpm \) -prune -o -type f -name '*.d' -print 2>/dev/null)

# ---- tests ----
# What runs in a fraction of the time again under the sanitizers is everything but the VM level.
.PHONY: all check check-quick check-long check-net check-vm check-power check-build asan units cli fuzz-replay roots golden lint analyze \
	cover bench fuzz format deps provision install uninstall man po programs dist deb rpm help clean distclean

check: ## all tests that need no virtual machine, and again under ASan+UBSan
	$Q$(MAKE) --no-print-directory $(jobs) check-quick
	$Q$(MAKE) --no-print-directory $(jobs) asan

check-quick: $(programs) $(catalogues) $(unit) $(fuzzers)
	$QB=$B tests/run $(unit) tests/roots/check $(cli) -- $(fuzzers)

asan: ## the tests under AddressSanitizer and UndefinedBehaviorSanitizer
	$Q$(MAKE) --no-print-directory $(jobs) B=build-asan MODE=asan check-quick

long := $B/tests/stages/test_contract $B/tests/crash/test_crash
check-long: $B/kvmhost $(long) ## the stage contract and kvmhost itself at every cut point (STRIDE=N: fewer)
	$QKVMHOST_LONG=1 $(if $(STRIDE),KVMHOST_STRIDE=$(STRIDE)) B=$B tests/run $(long)

check-net: $B/kvmhost $B/tests/net/cut ## the bridge and its guard in network namespaces, with the real network managers (root)
	$QB=$B tests/net/run

check-vm: $B/kvmhost $B/tests/vm/put_kernel $B/tests/vm/rehearse ## real hosts in virtual machines: apply, reboot, report, undo (SCENARIOS=...: only these)
	$QKVMHOST=$(abspath $B/kvmhost) PUT_KERNEL=$(abspath $B/tests/vm/put_kernel) REHEARSE=$(abspath $B/tests/vm/rehearse) tests/vm/run $(SCENARIOS)

check-power: $B/kvmhost $B/tests/vm/put_kernel ## 21 power cuts of a host in a virtual machine (an hour)
	$QKVMHOST=$(abspath $B/kvmhost) PUT_KERNEL=$(abspath $B/tests/vm/put_kernel) POWER_CUTS=$(or $(CUTS),21) \
		tests/vm/run 60-power-cut

check-build: $(programs) ## real sources to a guest in a fresh machine: kernel, QEMU and libvirt (root, 15 GB, half an hour)
	$QKVMHOST=$(abspath $B/kvmhost) tests/build/run

golden: $B/tests/stages/test_contract ## write the golden plans and reports anew (look at the diff)
	$QKVMHOST_GOLDEN=write $B/tests/stages/test_contract >/dev/null 2>&1 || true

fuzz: ## run the fuzz targets with libFuzzer (clang), SECONDS=60 each
	$QSECONDS_EACH=$(or $(SECONDS),60) tools/fuzz $(fuzz_c)

lint: $B/kvmhost ## house rules: layers, what stages may call, formatting, shell scripts, manual pages
	$QB=$B tools/lint

analyze: ## static analysis: cppcheck and gcc -fanalyzer (advice)
	$Qtools/analyze

cover: ## line coverage of the unit tests
	$Q$(MAKE) --no-print-directory B=build-cover MODE=cover check-quick
	$Qtools/cover build-cover

bench: $(programs) $B/tests/lib/httpd.o ## the numbers the README quotes
	$QB=$B bench/run

# ---- messages ----
po: ## bring the catalogues in po/ up to the messages in the sources; then translate what is new
	$Qtools/messages > $B/kvmhost.pot
	$Qfor file in po/*.po; do msgmerge --quiet --update --backup=none --no-fuzzy-matching --no-wrap --add-location=file $$file $B/kvmhost.pot && \
		msgattrib --no-obsolete --no-wrap --add-location=file -o $$file $$file; done

# ---- documents ----
man: $B/man/kvmhost.8 $B/man/kvmhost.yaml.5
$B/man/kvmhost.8: man/kvmhost.8.in VERSION
	$(call say,MAN,$@)
	$Qmkdir -p $(@D) && sed 's/@VERSION@/$(version)/' $< > $@
$B/man/kvmhost.yaml.5: man/kvmhost.yaml.5.in $B/kvmhost
	$(call say,MAN,$@)
	$Qmkdir -p $(@D) && $B/kvmhost help man > $@.options && \
		sed -e 's/@VERSION@/$(version)/' -e '/@OPTIONS@/{r $@.options' -e 'd}' $< > $@

# ---- installing ----
# Distributions have their own places for what zsh reads.
mandir      ?= $(prefix)/share/man
bashcompdir ?= $(prefix)/share/bash-completion/completions
zshcompdir  ?= $(prefix)/share/zsh/site-functions
fishcompdir ?= $(prefix)/share/fish/vendor_completions.d
unitdir     ?= $(prefix)/lib/systemd/system
installed    = $(prefix)/sbin/kvmhost $(prefix)/libexec/kvmhost/kvmhost-fetch $(mandir)/man8/kvmhost.8 $(mandir)/man5/kvmhost.yaml.5 \
	$(bashcompdir)/kvmhost $(zshcompdir)/_kvmhost $(fishcompdir)/kvmhost.fish $(unitdir)/kvmhost-first-boot.service \
	$(foreach language,$(languages),$(prefix)/share/$(call catalogue,$(language)))
install: programs man ## install below $(DESTDIR)$(prefix)
	install -D -m 0755 $B/kvmhost $(DESTDIR)$(prefix)/sbin/kvmhost
	$(if $(HAS_FETCH),install -D -m 0755 $B/kvmhost-fetch $(DESTDIR)$(prefix)/libexec/kvmhost/kvmhost-fetch)
	install -D -m 0644 $B/man/kvmhost.8 $(DESTDIR)$(mandir)/man8/kvmhost.8
	install -D -m 0644 $B/man/kvmhost.yaml.5 $(DESTDIR)$(mandir)/man5/kvmhost.yaml.5
	install -D -m 0644 completions/kvmhost.bash $(DESTDIR)$(bashcompdir)/kvmhost
	install -D -m 0644 completions/kvmhost.zsh $(DESTDIR)$(zshcompdir)/_kvmhost
	install -D -m 0644 completions/kvmhost.fish $(DESTDIR)$(fishcompdir)/kvmhost.fish
	$(foreach language,$(languages),install -D -m 0644 $B/$(call catalogue,$(language)) $(DESTDIR)$(prefix)/share/$(call catalogue,$(language)) &&) :
	install -d $(DESTDIR)$(unitdir)
	sed 's|@PROGRAM@|$(prefix)/sbin/kvmhost|' packaging/kvmhost-first-boot.service.in > $(DESTDIR)$(unitdir)/kvmhost-first-boot.service
	chmod 0644 $(DESTDIR)$(unitdir)/kvmhost-first-boot.service
uninstall: ## remove what install put there
	rm -f $(addprefix $(DESTDIR),$(installed))

# ---- packages ----
release = kvmhost-$(version)
dist: $B/$(release).tar.gz ## the sources of the last commit as a tar file
$B/$(release).tar.gz: force
	$(call say,TAR,$@)
	$Qmkdir -p $(@D) && git archive --prefix=$(release)/ HEAD | gzip -n > $@
deb: dist ## Debian source and binary package below $B/deb (packaging/debian)
	$Qpackaging/build deb $B $(version)
rpm: dist ## RPM source and binary package below $B/rpm (packaging/rpm)
	$Qpackaging/build rpm $B $(version)

provision: programs man ## install what is missing, build, install, plan, ask (YES=1: do not), apply, report
	$QB=$B YES=$(YES) prefix=$(prefix) tools/provision

deps: ## install what building needs with the distribution's package manager
	@tools/configure --install >/dev/null
format: ## clang-format over the C files
	clang-format -i $(shell git ls-files '*.c' '*.h')
clean: ## remove this build
	rm -rf $B
distclean: ## remove every build
	rm -rf build build-*
help: ## this list
	@sed -n 's/^\([a-z][a-z-]*\):.*## \(.*\)/  make \1|\2/p' Makefile | sed 's/\$$(DESTDIR)\$$(prefix)/DESTDIR and prefix/' | \
		while IFS='|' read -r target text; do printf '%-20s %s\n' "$$target" "$$text"; done

.PHONY: force
.SECONDARY:
.DELETE_ON_ERROR:
