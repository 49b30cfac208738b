# altimeter.
#
#   make run      install what the build needs, build, run in the foreground
#   make check    install what the tests need, build, pass all tests
#   make          only build build/altimeter
#   make install  put it below PREFIX (/usr/local), and all that in DESTDIR; make uninstall takes it away
#   make dist     pack the source into build/altimeter-<version>.tar.gz
#   make deb      install what the Debian package needs, build it
#   make bench    install the peers, measure altimeter beside them for about an hour
#
# V=1 shows the commands. DEPS=no leaves the packages to you. CC=clang, CFLAGS=..., SANITIZE=address,undefined and BUILD=dir work as expected.
# LIBCURL=linked, with a BUILD of its own, links libcurl, which else is loaded when somebody is to be connected to.
# JOBS=n tests run side by side; most of their time they wait.

BUILD ?= build
CC := $(if $(filter default,$(origin CC)),gcc,$(CC))
OBJCOPY ?= objcopy
CFLAGS ?= -O2 -g
SANITIZE ?=
DEPS ?= yes
ARGS ?=
PYTEST ?= /usr/bin/python3 -m pytest
JOBS ?= 6
ROUNDS ?= 5
SECONDS ?= 60
ONLY ?=

DESTDIR ?=
PREFIX ?= /usr/local
SYSCONFDIR ?= /etc
UNITDIR ?= $(PREFIX)/lib/systemd/system
SYSUSERSDIR ?= $(PREFIX)/lib/sysusers.d
ZSHDIR ?= $(PREFIX)/share/zsh/site-functions
# What was installed, for uninstall.
RECORD ?= $(PREFIX)/share/altimeter/installed

VERSION := $(shell cat VERSION)
LIBRARIES := libstatgrab jansson libevent_core
LIBCURL ?= loaded# when it is needed, see emitter/push/curl_library.h; or linked
WARNINGS := -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wformat=2

# Warnings stop the build where nobody would see them scroll by.
ifeq ($(CI),true)
WARNINGS += -Werror
endif

ifneq ($(SANITIZE),)
override CFLAGS += -fsanitize=$(SANITIZE) -fno-sanitize-recover=all -fno-omit-frame-pointer
endif

ROOMS := agent collector parachute emitter base
SOURCES := $(foreach room,$(ROOMS),$(wildcard $(room)/*.c $(room)/*/*.c))
HEADERS := $(foreach room,$(ROOMS),$(wildcard $(room)/*.h $(room)/*/*.h))
OBJECTS := $(patsubst %.c,$(BUILD)/%.o,$(filter-out emitter/push/curl_$(if $(filter linked,$(LIBCURL)),loaded,linked).c,$(SOURCES)))
UNIT_SOURCES := $(wildcard tests/unit/test_*.c)
UNIT_PROGRAMS := $(UNIT_SOURCES:tests/unit/%.c=$(BUILD)/unit/%)
TOOL_SOURCES := $(wildcard tests/tools/*.c)
TOOLS := $(TOOL_SOURCES:tests/tools/%.c=$(BUILD)/tests/%)
BENCH_SOURCES := $(wildcard tests/bench/*.c)
BENCH_PROGRAMS := $(BENCH_SOURCES:tests/bench/%.c=$(BUILD)/bench/%)

# Asked only once there is something to compile: the packages may be installed by this very make.
LIBRARY_CFLAGS = $(shell pkg-config --cflags $(LIBRARIES) libcurl)
LIBRARY_LDLIBS = $(shell pkg-config --libs $(LIBRARIES) $(if $(filter linked,$(LIBCURL)),libcurl))
# -fno-plt: a tick finds the caches cold, and calls through a table touch 3 % more of their lines.
COMPILE = $(CC) -std=c17 -fno-plt -ffunction-sections -D_GNU_SOURCE -I. -DVERSION='"$(VERSION)"' $(WARNINGS) $(CPPFLAGS) $(CFLAGS) $(LIBRARY_CFLAGS)

# Compiling side by side, where nobody has said how many.
PARALLEL = $(if $(filter -j%,$(MAKEFLAGS)),,-j$(shell nproc))

# What --version tells of the build, as words of C for the shell. The maps of paths are left out, as they name the
# folder of the build, and would make each build another program.
PATH_MAPS := -ffile-prefix-map=% -fdebug-prefix-map=% -fmacro-prefix-map=%
told = '"$(subst ','\'',$(subst ",\",$(subst \,\\,$(strip $(filter-out $(PATH_MAPS),$(1))))))"'
$(BUILD)/agent/version.o: COMPILE += -DBUILD_CFLAGS=$(call told,$(CPPFLAGS) $(CFLAGS)) -DBUILD_LDFLAGS=$(call told,$(LDFLAGS))
$(BUILD)/collector/host.o: COMPILE += -DSTATGRAB_VERSION='"$(shell pkg-config --modversion libstatgrab)"'

# With V=1 each command is shown, else a word and a file.
say = $(if $(V),,@printf '  %-5s %s\n' $(1) $@;)

all: $(BUILD)/altimeter

$(BUILD)/altimeter: $(BUILD)/agent/main.o $(BUILD)/libaltimeter.a
	$(call say,LD) $(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBRARY_LDLIBS)

# All but main, so that a test that defines a seam's functions itself links its own instead. The functions that a tick
# runs are marked as hot, so that linkers lay them side by side: a tick finds the caches cold, and scattered over the
# program they lie in four times as many pages. tests/e2e/cost.py --record makes the list. With LTO there is nothing to
# name yet.
HOT = $(if $(findstring -flto,$(CFLAGS)),,$(OBJCOPY) -D @agent/tick.hot)
$(BUILD)/libaltimeter.a: $(filter-out $(BUILD)/agent/main.o,$(OBJECTS)) agent/tick.hot
	$(call say,AR) rm -f $@ && $(AR) rcs $@ $(filter %.o,$^) $(if $(HOT),&& $(HOT) $@)

$(BUILD)/%.o: %.c Makefile VERSION
	@mkdir -p $(@D)
	$(call say,CC) $(COMPILE) -MMD -MP -c -o $@ $<

$(BUILD)/unit/%: tests/unit/%.c $(BUILD)/libaltimeter.a
	@mkdir -p $(@D)
	$(call say,CC) $(COMPILE) -MMD -MP -MF $@.d $(LDFLAGS) -o $@ $< $(BUILD)/libaltimeter.a $(LIBRARY_LDLIBS) -lcmocka

# What the end-to-end tests call.
$(BUILD)/tests/%: tests/tools/%.c $(BUILD)/libaltimeter.a
	@mkdir -p $(@D)
	$(call say,CC) $(COMPILE) -MMD -MP -MF $@.d $(LDFLAGS) -o $@ $< $(BUILD)/libaltimeter.a $(LIBRARY_LDLIBS)

$(BUILD)/bench/%: tests/bench/%.c $(BUILD)/libaltimeter.a
	@mkdir -p $(@D)
	$(call say,CC) $(COMPILE) -MMD -MP -MF $@.d $(LDFLAGS) -o $@ $< $(BUILD)/libaltimeter.a $(LIBRARY_LDLIBS)

-include $(OBJECTS:.o=.d) $(UNIT_PROGRAMS:=.d) $(TOOLS:=.d) $(BENCH_PROGRAMS:=.d)

run: packages-build
	@$(MAKE) --no-print-directory $(PARALLEL) all
	$(BUILD)/altimeter $(ARGS)

# The second round.
SANITIZED = BUILD=$(BUILD)/sanitized SANITIZE=address,undefined

check: packages-build packages-test
	@$(MAKE) --no-print-directory $(PARALLEL) programs
	@$(MAKE) --no-print-directory check-unit check-e2e
	@$(MAKE) --no-print-directory $(PARALLEL) programs $(SANITIZED)
	@$(MAKE) --no-print-directory check-unit check-e2e $(SANITIZED)

# All that the tests run.
programs: $(BUILD)/altimeter $(UNIT_PROGRAMS) $(TOOLS)

check-unit: $(UNIT_PROGRAMS)
	@printf '%s\n' $(UNIT_PROGRAMS) | xargs -P $(JOBS) -n 1 tests/unit/run

check-e2e: $(BUILD)/altimeter $(TOOLS)
	ALTIMETER=$(abspath $(BUILD)/altimeter) $(PYTEST) -p no:cacheprovider -q -n $(JOBS) --dist loadgroup $(if $(SANITIZE),-m "not plain") tests/e2e

C_FILES = $(SOURCES) $(HEADERS) $(shell find tests/unit tests/tools tests/bench -name "*.[ch]")

lint: packages-build packages-lint
	clang-format --dry-run --Werror $(C_FILES)
	tests/lint-includes
	printf '%s\n' $(SOURCES) $(UNIT_SOURCES) $(TOOL_SOURCES) $(BENCH_SOURCES) | xargs -P "$$(nproc)" -n 1 sh -c \
	    'clang-tidy --quiet "$$@" -- -std=c17 -D_GNU_SOURCE -I. -DVERSION="\"lint\"" $(LIBRARY_CFLAGS)' tidy

# The long forms of tests, minutes each.
soak: packages-build packages-test
	@$(MAKE) --no-print-directory all $(BUILD)/tests/prefill $(BUILD)/unit/test_actor
	ALTIMETER_ACTIVATIONS=10000 $(BUILD)/unit/test_actor
	ALTIMETER=$(abspath $(BUILD)/altimeter) $(PYTEST) -p no:cacheprovider -q -s tests/e2e/soak_*.py

# altimeter beside other programs, in rounds: figures with their bounds, none of which is asserted elsewhere. CPU is
# measured for SECONDS; ONLY=cpu,http,... does a part of it, and tests/bench/bench.py --help names the parts.
bench: packages-build packages-bench
	@$(MAKE) --no-print-directory $(PARALLEL) $(BUILD)/altimeter $(BUILD)/tests/prefill $(BENCH_PROGRAMS)
	/usr/bin/python3 -B tests/bench/bench.py --build $(BUILD) --rounds $(ROUNDS) --seconds $(SECONDS) --only "$(ONLY)"

# By the environment, where a path may have any character; of these two targets only, since another make would take it from there.
$(foreach name,DESTDIR PREFIX SYSCONFDIR UNITDIR SYSUSERSDIR ZSHDIR RECORD,$(eval install uninstall: export $(name) := $$($(name))))
install uninstall: export PROGRAM = $(if $(filter /%,$(BUILD)),,$(CURDIR)/)$(BUILD)/altimeter

install: $(BUILD)/altimeter
	packaging/make-install install

uninstall:
	packaging/make-install uninstall

dist:
	packaging/make-dist $(BUILD)/altimeter-$(VERSION).tar.gz

deb: packages-build packages-deb
	@$(MAKE) --no-print-directory dist
	packaging/make-deb $(BUILD)/altimeter-$(VERSION).tar.gz $(BUILD)

packages-%:
ifeq ($(DEPS),no)
	@:
else
	@packaging/install-packages $*
endif

clean:
	rm -rf $(BUILD)

.PHONY: all run programs install uninstall dist deb check check-unit check-e2e soak bench lint clean
