# SPDX-License-Identifier: GPL-2.0-only
# Rules of the bench's own programs; included by the top Makefile, or alone: make -f tests/bench/bench.mk bench-tools
BENCH_BUILD := $(if $(BUILD),$(BUILD),build)
BENCH_SRC := tests/bench
BENCH_OBJ := $(BENCH_BUILD)/bench
BENCH_CLANG ?= clang-14
BENCH_ARCH := $(shell gcc -print-multiarch 2>/dev/null)
BENCH_CFLAGS := -std=gnu11 -O2 -g -Wall -Wextra -Werror -Iinclude -I$(BENCH_SRC) -I$(BENCH_OBJ)
BENCH_Q := $(if $(filter 1,$(V)),,@)
BENCH_HDRS := $(wildcard $(BENCH_SRC)/*.h)

.PHONY: bench-tools bench-build bench-run
bench-tools bench-build: $(BENCH_BUILD)/asa-bench

# BENCH_ARGS: --quick, --gate, --no-setup-rate …; see tests/bench/bench.sh --help
bench-run:
	$(BENCH_Q)tests/bench/bench.sh $(BENCH_ARGS)

$(BENCH_OBJ)/%.bpf.o: $(BENCH_SRC)/%.bpf.c $(BENCH_HDRS)
	@mkdir -p $(BENCH_OBJ)
	@echo "  BPF     $@"
	$(BENCH_Q)$(BENCH_CLANG) -g -O2 -mcpu=v3 -Wall -Wextra -Werror -target bpf -I/usr/include/$(BENCH_ARCH) \
		-I$(BENCH_SRC) -c $< -o $@

$(BENCH_OBJ)/%.skel.h: $(BENCH_OBJ)/%.bpf.o
	@echo "  SKEL    $@"
	$(BENCH_Q)bpftool gen skeleton $< name bench_$* >$@.tmp && mv $@.tmp $@

$(BENCH_OBJ)/%.o: $(BENCH_SRC)/%.c $(BENCH_HDRS) $(BENCH_OBJ)/rig.skel.h $(BENCH_OBJ)/peer.skel.h
	@mkdir -p $(BENCH_OBJ)
	@echo "  CC      $@"
	$(BENCH_Q)$(CC) $(BENCH_CFLAGS) -c $< -o $@

$(BENCH_BUILD)/asa-bench: $(addprefix $(BENCH_OBJ)/,asa-bench.o rig.o frames.o progns.o)
	@echo "  LD      $@"
	$(BENCH_Q)$(CC) -o $@ $^ -lbpf

# Access lists by size (ACL-4): make acl-bench
.PHONY: acl-bench
acl-bench: $(BENCH_BUILD)/acl_bench
	$(BENCH_Q)$<

# Changes of large access lists while connections are up (CFG-1, ACL-4): make change-bench
.PHONY: change-bench
change-bench: $(BENCH_BUILD)/asa-bench $(BENCH_BUILD)/asad $(BENCH_BUILD)/asactl $(BENCH_BUILD)/asa_xdp.bpf.o
	$(BENCH_Q)$(BENCH_SRC)/change.sh $(BENCH_ARGS)

$(BENCH_BUILD)/acl_bench: $(BENCH_SRC)/acl_bench.c $(wildcard daemon/policy/*.[ch]) tests/lib/model_build.h
	@echo "  CC      $@"
	$(BENCH_Q)$(CC) -std=gnu11 -O2 -g -Wall -Wextra -Werror -Wno-unused-parameter -Wno-missing-field-initializers \
		-D_GNU_SOURCE -Iinclude -Idaemon -I. -o $@ $(filter %.c,$^)

# The in-order engine alone (issue: 1 Gbit/s on one core): make order-bench; make bench runs it, too
.PHONY: order-bench
order-bench: $(BENCH_BUILD)/order_bench
	$(BENCH_Q)$<
bench-run: order-bench
bench-tools bench-build: $(BENCH_BUILD)/order_bench

$(BENCH_BUILD)/order_bench: $(BENCH_SRC)/order_bench.c $(wildcard daemon/normalize/tcp_order*.[ch])
	@echo "  CC      $@"
	$(BENCH_Q)$(CC) -std=gnu11 -O2 -g -Wall -Wextra -Werror -Wno-unused-parameter -D_GNU_SOURCE -Iinclude -Idaemon -I. \
		-o $@ $(filter %.c,$^)

# A million connections that end (TMO-7): make expire-bench
.PHONY: expire-bench
EXPIRE_SRC := $(BENCH_SRC)/expire_bench.c tests/lib/fake_dp.c tests/lib/fake_pkt.c daemon/base/log.c \
	daemon/datapath/index.c daemon/datapath/frame.c $(wildcard daemon/engine/*.c daemon/normalize/*.c \
	daemon/session/*.c daemon/policy/*.c)
expire-bench: $(BENCH_BUILD)/expire_bench
	$(BENCH_Q)$<

$(BENCH_BUILD)/expire_bench: $(EXPIRE_SRC) tests/lib/fake_dp.h
	@echo "  CC      $@"
	$(BENCH_Q)$(CC) -std=gnu11 -O2 -g -pthread -Wall -Wextra -Werror -Wno-unused-parameter \
		-Wno-missing-field-initializers -D_GNU_SOURCE -Iinclude -Idaemon -I. -o $@ $(EXPIRE_SRC) -lurcu
