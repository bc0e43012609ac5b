# SPDX-License-Identifier: GPL-2.0-only
#
# make            build/asad, build/asactl, build/asa_xdp.bpf.o
# make demo       two firewalls, real asymmetric TCP, with and without state bypass
# make check      all tests; the last line is "N passed, N failed, N skipped"
# make help       the rest.   V=1 shows the commands.

PREFIX     ?= /usr/local
SYSCONFDIR ?= /etc
CC         ?= gcc
CLANG      ?= clang
VERSION    := 0.1.0
BUILD      := build

ifeq ($(V),1)
Q :=
msg = @:
else
Q := @
msg = @printf '  %-8s %s\n'
endif

CFLAGS   ?= -O2 -g
WARN     := -Wall -Wextra -Werror -Wno-unused-parameter -Wno-missing-field-initializers
DEFS     := -D_GNU_SOURCE -DASA_VERSION='"$(VERSION)"' -DASA_LIBDIR='"$(PREFIX)/lib/asa"' -DASA_SYSCONFDIR='"$(SYSCONFDIR)/asa"'
CPPALL   := -Iinclude -Idaemon -I. $(DEFS)
ALL_C    := -std=gnu11 -pthread $(WARN) $(CPPALL)
SAN      := -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer -O1 -g1
LIBS     := -lxdp -lbpf -lelf -lz -lurcu -lmnl -lcap-ng -ljson-c -lsystemd -lcares -lpthread
ARCH_INC := -I/usr/include/$(shell uname -m)-linux-gnu
BPFFLAGS := -O2 -g -mcpu=v3 -target bpf -Wall -Werror -Wno-unused-function -Iinclude -Ibpf $(ARCH_INC)

DAEMON_SRC := $(sort $(wildcard daemon/*.c daemon/*/*.c))
CLI_SRC    := $(sort $(wildcard cli/*.c))
SHARED_H   := $(wildcard include/asa/*.h bpf/*.h)
DAEMON_OBJ := $(DAEMON_SRC:%.c=$(BUILD)/obj/%.o)
CLI_OBJ    := $(CLI_SRC:%.c=$(BUILD)/obj/%.o)
ASAN_OBJ   := $(DAEMON_SRC:%.c=$(BUILD)/asan/%.o)

UNIT := $(patsubst tests/unit/%.c,%,$(sort $(wildcard tests/unit/test_*.c)))
BPFT := $(patsubst tests/bpf/%.c,%,$(sort $(wildcard tests/bpf/test_*.c)))
FUZZ := $(patsubst tests/fuzz/%.c,%,$(sort $(wildcard tests/fuzz/fuzz_*.c)))

.PHONY: all demo check bench fuzz lint format install uninstall clean help deps unit bpf-tests fuzz-build prog-bench net-tests asan FORCE
all: $(BUILD)/asad $(BUILD)/asactl $(BUILD)/asa_xdp.bpf.o

# ---------------------------------------------------------------- programs
$(BUILD)/asad: $(DAEMON_OBJ)
	$(msg) LINK $@
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -pthread -o $@ $^ $(LIBS)

$(BUILD)/asactl: $(CLI_OBJ)
	$(msg) LINK $@
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ -ledit

$(BUILD)/obj/%.o: %.c
	$(msg) CC $<
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(ALL_C) $(CFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/asan/%.o: %.c
	$(msg) CC-ASAN $<
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(ALL_C) $(SAN) -MMD -MP -c -o $@ $<

asan: $(BUILD)/asan/asad
$(BUILD)/asan/asad: $(ASAN_OBJ)
	$(msg) LINK $@
	$(Q)$(CC) $(SAN) -pthread -o $@ $^ $(LIBS)

# ---------------------------------------------------------------- XDP object
$(BUILD)/%.bpf.o: bpf/%.bpf.c $(SHARED_H)
	$(msg) BPF $<
	$(Q)mkdir -p $(@D)
	$(Q)$(CLANG) $(BPFFLAGS) -c -o $@ $<

# ---------------------------------------------------------------- tests
# A test's first lines say what it links:  /* links: daemon/x/y.o … */  (may span lines).
# The list proves the module's boundary; unit tests are built with ASan and UBSan.
link_list = $(shell sed -n '1,12{/links:/,/\*\//p}' $(1) | tr -d '\n' | sed 's/.*links: *//; s/\*\/.*//; s/ \* / /g')
# "daemon/policy/%.o" stands for every object of that folder.
links = $(foreach o,$(call link_list,$(1)),$(if $(findstring %,$(o)),$(patsubst %.c,%.o,$(sort $(wildcard $(subst %.o,*.c,$(o))))),$(o)))
TESTLIBS := -lcunit $(LIBS) -ledit

define unit_rule
$(BUILD)/tests/$(1): tests/unit/$(1).c $(addprefix $(BUILD)/asan/,$(call links,tests/unit/$(1).c))
	$$(msg) TEST $(1)
	$$(Q)mkdir -p $$(@D)
	$$(Q)$$(CC) $$(ALL_C) $$(SAN) -Itests -MMD -MP -MF $$@.d -o $$@ tests/unit/$(1).c $$(filter %.o,$$^) $$(TESTLIBS)
-include $(BUILD)/tests/$(1).d
endef
$(foreach t,$(UNIT),$(eval $(call unit_rule,$(t))))

define bpf_rule
$(BUILD)/tests/$(1): tests/bpf/$(1).c $(addprefix $(BUILD)/obj/,$(call links,tests/bpf/$(1).c)) $(BUILD)/asa_xdp.bpf.o
	$$(msg) TEST $(1)
	$$(Q)mkdir -p $$(@D)
	$$(Q)$$(CC) $$(ALL_C) $$(CFLAGS) -Itests -MMD -MP -MF $$@.d -o $$@ tests/bpf/$(1).c $$(filter %.o,$$(filter-out %.bpf.o,$$^)) $$(TESTLIBS)
-include $(BUILD)/tests/$(1).d
endef
$(foreach t,$(BPFT) prog_run_bench,$(eval $(call bpf_rule,$(t))))

# The program without its short way, which tests/bpf/test_usual.c compares with it.
$(BUILD)/tests/test_usual: $(BUILD)/tests/full.bpf.o
$(BUILD)/tests/full.bpf.o: bpf/asa_xdp.bpf.c $(SHARED_H)
	$(msg) BPF $@
	$(Q)mkdir -p $(@D)
	$(Q)$(CLANG) $(BPFFLAGS) -DASA_FULL_ONLY -c -o $@ $<

# Objects for all targets together; the coverage that libFuzzer is led by is compiled into them.
FUZZ_C := -Wno-gnu -O1 -gline-tables-only -fsanitize=address,undefined -fno-sanitize-recover=undefined
$(BUILD)/fuzzobj/%.o: %.c
	$(msg) CC-FUZZ $<
	$(Q)mkdir -p $(@D)
	$(Q)$(CLANG) $(ALL_C) $(FUZZ_C) -fsanitize=fuzzer-no-link -MMD -MP -c -o $@ $<

define fuzz_rule
$(BUILD)/fuzz/$(1): tests/fuzz/$(1).c $(addprefix $(BUILD)/fuzzobj/,$(addsuffix .o,$(basename $(call links,tests/fuzz/$(1).c))))
	$$(msg) FUZZ $(1)
	$$(Q)mkdir -p $$(@D)
	$$(Q)$$(CLANG) $$(ALL_C) $$(FUZZ_C) -Itests -fsanitize=fuzzer -MMD -MP -MF $$@.d -o $$@ tests/fuzz/$(1).c $$(filter %.o,$$^)
-include $(BUILD)/fuzz/$(1).d
endef
$(foreach t,$(FUZZ),$(eval $(call fuzz_rule,$(t))))

unit: $(UNIT:%=$(BUILD)/tests/%)
bpf-tests: $(BPFT:%=$(BUILD)/tests/%)
fuzz-build: $(FUZZ:%=$(BUILD)/fuzz/%)

-include tests/bench/bench.mk
-include tests/config/config.mk

deps:
	$(Q)scripts/deps.sh

# check and demo install what they need and build first, so they start a second make.
check: deps
	$(Q)$(MAKE) --no-print-directory -j2 all unit bpf-tests fuzz-build asan $(EXTRA_TEST_BUILDS)
	$(Q)scripts/check.sh

demo: deps
	$(Q)$(MAKE) --no-print-directory -j2 all
	$(Q)scripts/demo.sh

# Nanoseconds of the XDP program by test run: hit, hit with NAT, bypass, punt, drop.
prog-bench: $(BUILD)/tests/prog_run_bench
	$(Q)$<

bench: deps
	$(Q)$(MAKE) --no-print-directory -j2 all bench-build
	$(Q)$(MAKE) --no-print-directory bench-run

fuzz: fuzz-build
	$(Q)FUZZ_SECONDS=$${FUZZ_SECONDS:-600} scripts/check.sh fuzz

lint:
	$(Q)scripts/lint.sh

format:
	$(Q)git ls-files '*.c' '*.h' | xargs clang-format -i

compile_commands.json: FORCE
	$(Q)scripts/compile-commands.sh '$(subst ','\'',$(CC) $(ALL_C) $(CFLAGS))' $(DAEMON_SRC) $(CLI_SRC) > $@

install: all
	$(msg) INSTALL $(DESTDIR)$(PREFIX)
	$(Q)install -D -m 755 $(BUILD)/asad $(DESTDIR)$(PREFIX)/sbin/asad
	$(Q)install -D -m 755 $(BUILD)/asactl $(DESTDIR)$(PREFIX)/bin/asactl
	$(Q)install -D -m 644 $(BUILD)/asa_xdp.bpf.o $(DESTDIR)$(PREFIX)/lib/asa/asa_xdp.bpf.o
	$(Q)install -D -m 755 scripts/asa-exporter $(DESTDIR)$(PREFIX)/bin/asa-exporter
	$(Q)for m in doc/*.[578]; do install -D -m 644 $$m $(DESTDIR)$(PREFIX)/share/man/man$${m##*.}/$${m##*/}; done
	$(Q)install -d $(DESTDIR)$(PREFIX)/lib/systemd/system
	$(Q)sed 's|/usr/local|$(PREFIX)|g' scripts/asad.service > $(DESTDIR)$(PREFIX)/lib/systemd/system/asad.service
	$(Q)install -D -m 644 scripts/asactl.bash-completion $(DESTDIR)$(PREFIX)/share/bash-completion/completions/asactl
	$(Q)for e in doc/examples/*; do install -D -m 644 $$e $(DESTDIR)$(PREFIX)/share/doc/asa/examples/$${e##*/}; done

uninstall:
	$(Q)rm -f $(DESTDIR)$(PREFIX)/sbin/asad $(DESTDIR)$(PREFIX)/bin/asactl $(DESTDIR)$(PREFIX)/bin/asa-exporter $(DESTDIR)$(PREFIX)/lib/systemd/system/asad.service \
		$(DESTDIR)$(PREFIX)/share/bash-completion/completions/asactl
	$(Q)for m in doc/*.[578]; do rm -f $(DESTDIR)$(PREFIX)/share/man/man$${m##*.}/$${m##*/}; done
	$(Q)rm -rf $(DESTDIR)$(PREFIX)/lib/asa $(DESTDIR)$(PREFIX)/share/doc/asa

clean:
	$(Q)rm -rf $(BUILD) compile_commands.json

help:
	@echo 'make                    build/asad, build/asactl, build/asa_xdp.bpf.o'
	@echo 'make demo               the main job on real traffic, in network namespaces (root)'
	@echo 'make check              all tests; without root: those that need none'
	@echo 'make bench              ratios to nftables, plain routing and a bare XDP redirect (root)'
	@echo 'make prog-bench         the XDP program alone, nanoseconds by test run (root)'
	@echo 'make fuzz               longer fuzzing, FUZZ_SECONDS=600 in all'
	@echo 'make lint format        style checks; clang-format in place'
	@echo 'make asan               build/asan/asad: the daemon with ASan and UBSan'
	@echo 'make compile_commands.json   for clangd and clang-tidy'
	@echo 'make install uninstall  DESTDIR, PREFIX=$(PREFIX)'
	@echo 'make deps clean'
	@echo 'Variables: CC=gcc|clang-14|clang-19 CLANG=clang|clang-19 CFLAGS V=1'

-include $(DAEMON_OBJ:.o=.d) $(CLI_OBJ:.o=.d) $(ASAN_OBJ:.o=.d) $(wildcard $(BUILD)/fuzzobj/*/*.d $(BUILD)/fuzzobj/*/*/*.d $(BUILD)/asan/tests/lib/*.d $(BUILD)/obj/tests/lib/*.d)
