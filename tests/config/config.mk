# SPDX-License-Identifier: GPL-2.0-only
# The configuration language alone, for the in/ok files of tests/config/run.sh.
CONFIG_CHECK_OBJ := $(patsubst %.c,$(BUILD)/asan/%.o,$(sort $(wildcard daemon/config/*.c daemon/policy/model*.c)) daemon/inspect/regex.c)
EXTRA_TEST_BUILDS += $(BUILD)/tests/config_check

$(BUILD)/tests/config_check: tests/config/config_check.c $(CONFIG_CHECK_OBJ)
	$(msg) TEST config_check
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(ALL_C) $(SAN) -o $@ $^
