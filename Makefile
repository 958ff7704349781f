# Builds, tests and installs sapanywhere. `make help` lists what there is to ask for.

LUAS   := lua5.1 lua5.2 lua5.3 lua5.4 luajit $(if $(shell command -v lua5.5),lua5.5)
LUA    ?= lua5.4
PREFIX ?= /usr/local
SPEC   ?= $(SPECS)
BUSTED ?= $(shell command -v busted)

# Lua 5.5 may be somewhere else, where LUA_CFLAGS says.
ifeq ($(filter $(LUA),$(LUAS) $(if $(LUA_CFLAGS),lua5.5)),)
  $(error LUA=$(LUA) is not one of $(LUAS))
endif

# Each Lua, and each way of building for it, has a directory of its own.
BUILD   ?= build/$(LUA)$(if $(SANITIZE),-sanitized)
CORE    := $(BUILD)/sapanywhere/core.so
SOURCES := $(wildcard src/*/*.c)
OBJECTS := $(SOURCES:src/%.c=$(BUILD)/obj/%.o)
MODULES  = $(shell find lua -name '*.lua' | sort)
TYPES    = $(shell find types -name '*.lua' | sort)
SPECS    = $(shell find spec -name '*_spec.lua' | grep -Ev '^spec/($(subst $(SPACE),|,$(APART)))/' | sort)

# Folders of spec/ that `make test` leaves out; each has a target of its own, test-heavy and so on.
APART := heavy peers browser packages
SPACE := $(subst ,, )

# --- Flags: CFLAGS and LDFLAGS are the user's, the others are needed ---

LUA_NAMES  := $(LUA) $(LUA:lua%=lua-%) $(subst .,,$(LUA))
LUA_CFLAGS ?= $(shell for name in $(LUA_NAMES); do pkg-config --cflags $$name 2>/dev/null && break; done)
LIB_CFLAGS := $(shell pkg-config --cflags libcurl libcrypto zlib 2>/dev/null)
LIBS       := $(shell pkg-config --libs libcurl libcrypto zlib 2>/dev/null) -pthread

CFLAGS   ?= -O2 -g
HARDENING = -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2 -fstack-protector-strong
WARNINGS  = -Wall -Wextra -Wshadow -Wpointer-arith -Wwrite-strings -Wstrict-prototypes -Wmissing-prototypes \
  -Wformat=2 -Wundef -Wvla $(if $(WERROR),-Werror)
SANITIZER = -fsanitize=$(SANITIZE) -fno-omit-frame-pointer -fno-sanitize-recover=undefined

COMPILE := $(CC) -std=gnu11 -Isrc -fPIC -fvisibility=hidden $(WARNINGS) $(if $(SANITIZE),$(SANITIZER),$(HARDENING)) \
  $(patsubst -I%,-isystem %,$(LUA_CFLAGS) $(LIB_CFLAGS)) $(CFLAGS)
LINK    := $(CC) -shared -Wl,-z,relro,-z,now,-z,nodelete,--as-needed $(if $(SANITIZE),$(SANITIZER)) $(LDFLAGS)

# --- Building; V=1 shows the commands ---

Q := $(if $(V),,@)

all: $(CORE) ## build the core for LUA (default lua5.4) into build/<lua>

$(CORE): $(OBJECTS) $(BUILD)/flags
	@mkdir -p $(@D)
	@echo "link $@"
	$(Q)$(LINK) -o $@ $(OBJECTS) $(LIBS)

$(BUILD)/obj/%.o: src/%.c $(BUILD)/flags
	@mkdir -p $(@D)
	@echo "compile $@"
	$(Q)$(COMPILE) -MMD -MP -c -o $@ $<

-include $(OBJECTS:.o=.d)

# Written anew, after a look at what the machine lacks, only when the way of building has changed.
$(BUILD)/flags: FORCE
	@echo '$(COMPILE) | $(LINK) | $(SOURCES)' | cmp -s - $@ || { \
	  CC='$(CC)' LUA_CFLAGS='$(LUA_CFLAGS)' packaging/need build $(LUA) && mkdir -p $(@D) && \
	  echo '$(COMPILE) | $(LINK) | $(SOURCES)' >$@; }

each-lua: # the core for every Lua, or for TESTED, and what its specs need of C
	@for lua in $(TESTED); do \
	  $(MAKE) --no-print-directory --jobs=$$(nproc) LUA=$$lua BUILD=$(call BUILD_OF,$$lua) all helpers || exit; \
	done

# deps-build, -demo, -test, -heavy, -peers, -browser, -bench, -check, -fuzz, -soak, -lint, -doc, -deb: get what the machine lacks for that, or name it.
deps-build: ; @packaging/need --install build $(LUA)
deps-demo:  ; @packaging/need --install demo $(DEMO_LUAS)
deps-test:  ; @packaging/need --install test $(LUAS)
deps-bench: ; @packaging/need --install bench lua5.4 luajit
$(APART:%=deps-%): deps-%: ; @packaging/need --install $* $(HARD_LUAS)
deps-check: ; @packaging/need --install check $(LUAS)
deps-fuzz:  ; @packaging/need --install fuzz lua5.4
deps-soak:  ; @packaging/need --install demo $(LUA)
deps-command: ; @packaging/need --install command $(LUA)
deps-lint:  ; @packaging/need --install lint $(LUAS)
deps-doc:   ; @packaging/need --install doc
deps-deb:   ; @packaging/need --install deb

# --- Testing: each step installs what is missing, on Debian and Ubuntu ---

test: deps-test ## every spec on every Lua that has what they need, many at once
	@$(MAKE) --no-print-directory test-luas TESTED="$$(packaging/need usable test $(LUAS))"

test-luas:
	@$(MAKE) --no-print-directory run-files || { echo "make test: failed"; exit 1; }

# Each of FILES on each of TESTED is a process of its own. Many only wait, so there are more of them at a time than
# processors; those that take longest begin first.
FILES        ?= $(SPECS)
TESTED       ?= $(LUAS)
JOBS         ?= $(shell echo $$((3 * $$(nproc))))
FILE_MINUTES ?= 10
LONGEST      := $(patsubst %,spec/%_spec.lua,sandbox/sandbox wait/hosts promises/once_calls promises/memory wait/nginx \
  hide/work process/keeper cli/secrets cli/sandbox project/examples promises/once bulk_files)
IN_ORDER      = $(filter $(FILES),$(LONGEST)) $(filter-out $(LONGEST),$(FILES))

# What these look at is the same on each Lua: the tree, what is written for people and editors, the steps that are
# counted. One will do.
ON_ONE_LUA := $(patsubst %,spec/%_spec.lua,cli/help hide/work $(addprefix project/,demo docs pages readme terminal types wings))

RUNS = $(foreach file,$(IN_ORDER),$(foreach lua,$(if $(filter $(file),$(ON_ONE_LUA)),$(BEST_LUA),$(TESTED)),run/$(lua)/$(file)))
BEST_LUA = $(firstword $(filter lua5.4,$(TESTED)) $(TESTED))
BUILD_OF = build/$(1)$(if $(SANITIZE),-sanitized)

# The last lines count, Lua by Lua.
run-files: each-lua
	@rm -rf $(foreach lua,$(TESTED),$(call BUILD_OF,$(lua))/said)
	@$(MAKE) --no-print-directory --keep-going --jobs=$(JOBS) --output-sync=target $(RUNS) || true
	@failed=; for lua in $(TESTED); do \
	  echo "== Specs on $$lua"; spec/support/sum $(call BUILD_OF,$$lua)/said || failed="$$failed $$lua"; \
	done; test -z "$$failed" || { echo "specs failed on$$failed"; exit 1; }

RUN_LUA  = $(firstword $(subst /, ,$*))
RUN_FILE = $(patsubst $(RUN_LUA)/%,%,$*)

# Memory runs out at every allocation on two Luas, at some on the others; `make check-memory` tries all on all.
run/%: BUILD = $(call BUILD_OF,$(RUN_LUA))
run/%: FORCE
	@unset MAKEFLAGS MFLAGS MAKELEVEL; export ALLOCATIONS=$(if $(filter $(RUN_LUA),lua5.4 luajit),,some); \
	$(RUN) spec/support/one $(RUN_LUA) $(RUN_FILE) $(BUILD)/said/$(RUN_FILE).txt $(FILE_MINUTES) \
	  $(RUN_LUA) $(BUSTED) $(if $(EAGER),--helper=spec/support/eager.lua) --output=plainTerminal $(RUN_FILE)

test-heavy:   ## the specs in spec/heavy, which take long
test-peers:   ## the journey and creations by the hundred through servers and proxies that others wrote
test-browser: ## the specs in spec/browser, in a real one
test-packages: ## the rock and the release's archive, made, installed and used; on this machine and without a network
test-packages: HARD_LUAS = lua5.4
test-heavy test-packages: export JOBS = 1

.PHONY: pictures
pictures: deps-browser # of the consent page, the last page and a terminal, light and dark, into docs/
	@PICTURES=docs $(MAKE) --no-print-directory spec LUA=lua5.4 SPEC=spec/browser/connect_spec.lua
	@$(RUN) lua5.4 packaging/make_pictures.lua docs

# Each says first what it runs against, where it can.
$(APART:%=test-%): test-%: deps-%
	@test -d spec/$* || { echo "make test-$*: there are no specs in spec/$*"; exit 1; }
	@test ! -x spec/$*/versions || spec/$*/versions
	@$(MAKE) --no-print-directory run-files TESTED='$(HARD_LUAS)' FILES="$$(echo spec/$*/*_spec.lua)" || { \
	  echo "make test-$*: failed"; exit 1; }

test-in: ## demo and tests on a minimal Debian, SUITE=bullseye, bookworm or trixie; KEEP=1 leaves it in ROOT (/var/cache/sapanywhere)
	@packaging/test-in $(SUITE)

test-deb: ## the packages for Debian, made on one minimal Debian and used on another; SUITE (default bookworm), KEEP, ROOT
	@packaging/test-deb $(SUITE)

.PHONY: try-command
try-command: deps-demo deps-command ## what the README says to type at a terminal, word for word
	@packaging/try-command

# A make that a spec starts has nothing to do with this one.
spec: $(CORE) helpers ## the specs on LUA only, installing nothing; SPEC=spec/x_spec.lua for one
	@echo "== Specs on $(LUA)"
	@unset MAKEFLAGS MFLAGS MAKELEVEL; $(RUN) $(UNDER) $(LUA) $(LUA_OPTIONS) $(BUSTED) $(if $(EAGER),--helper=spec/support/eager.lua) $(SPEC)

# The command that a spec file is given to.
run-spec:
	@echo '$(subst ','\'',$(RUN) $(UNDER) $(LUA) $(LUA_OPTIONS) $(BUSTED))'

# In a copy, which is gone afterwards. What is given to make is in the environment of the run.
mutate: deps-test ## N (default 50) small changes, one at a time, that the specs must notice; ROOM=src/http SEED=7, see spec/mutate/run.lua
	@tar -c --exclude=./build --exclude=./.git . | spec/mutate/in_copy $(LUA) \
	  'make LUA=$(LUA) CFLAGS=-O1 $(if $(SANITIZE),SANITIZE=$(SANITIZE)) BUSTED="$(BUSTED) --no-keep-going"'

# Five ways to try harder.
check: deps-check each-lua ## every spec with sanitizers, valgrind and an eager collector, without memory, for an old libcurl
	@failed=; for way in check-sanitized check-valgrind check-eager check-memory check-older; do \
	  $(MAKE) --no-print-directory -k $$way || failed="$$failed $$way"; \
	done; test -z "$$failed" || { echo "make check: failed in$$failed"; exit 1; }

HARD_LUAS := lua5.4 luajit

check-sanitized: $(HARD_LUAS:%=sanitized-%)
check-valgrind:  $(HARD_LUAS:%=valgrind-%)
check-eager:     $(LUAS:%=eager-%)
check-memory:    $(LUAS:%=memory-%)

# What src/http/quirks.c knows of other versions of libcurl, on this one. Before 7.80 it does not ask before it sends, and
# connections with HTTP/1 are not kept; a handle is used once from 7.84 to 8.0, and again otherwise.
OLDER_SPECS       = spec/http/guest_spec.lua $(patsubst %,spec/promises/%_spec.lua,journey once kept wire given_up)
OLDER_SPECS_AGAIN = $(OLDER_SPECS) spec/promises/connections_spec.lua

check-older: as-0x074a00 as-0x075300
as-0x074a00: AS_SPECS = $(OLDER_SPECS)
as-0x075300: AS_SPECS = $(OLDER_SPECS_AGAIN)

as-%:
	@echo "== As with libcurl $*"
	@$(MAKE) --no-print-directory spec BUILD=build/$(LUA)-as-$*$(if $(SANITIZE),-sanitized) \
	  CFLAGS='$(CFLAGS) -DSAP_PRETENDED_LIBCURL=$*' SPEC='$(AS_SPECS)'

# nginx is not sanitized and cannot load a core that is: those of LuaJIT's specs that give it one are left to the others.
IN_NGINX        = $(shell grep -lE 'lua_package_cpath|nginx_example' $(SPECS))
SANITIZED_SPECS = $(filter-out spec/project/release_spec.lua $(if $(filter luajit,$*),$(IN_NGINX)),$(SPECS))

sanitized-%:
	@echo "== With AddressSanitizer and UndefinedBehaviorSanitizer"
	@$(MAKE) --no-print-directory run-files TESTED=$* SANITIZE=address,undefined FILE_MINUTES=30 FILES='$(SANITIZED_SPECS)'

# The rooms of C and what calls them. A forked child leaves its parent's handles alone, which looks like a leak in it:
# spec/promises/fork_spec.lua runs with sanitizers only.
VALGRIND       = valgrind --quiet --leak-check=full --show-leak-kinds=definite \
  --errors-for-leak-kinds=definite --error-exitcode=99 --keep-debuginfo=yes
VALGRIND_SPECS = $(filter spec/bytes/% spec/json/% spec/http/% spec/call/% spec/callback%,$(SPECS)) \
  $(patsubst %,spec/%_spec.lua,wait/hosts promises/leak promises/lifecycle)

valgrind-%:
	@echo "== With valgrind"
	@LEAK_CALLS=1000 $(MAKE) --no-print-directory spec LUA=$* UNDER='$(VALGRIND)' SPEC='$(VALGRIND_SPECS)' \
	  LUA_OPTIONS=$(if $(filter luajit,$*),-joff)

eager-%:
	@echo "== With an eager collector"
	@$(MAKE) --no-print-directory run-files TESTED=$* EAGER=1 FILE_MINUTES=60

memory-%:
	@echo "== Without memory, everywhere"
	@$(MAKE) --no-print-directory spec LUA=$* SPEC=spec/promises/memory_spec.lua

fuzz: deps-fuzz ## every fuzzer for SECONDS (default 10) each; FUZZERS="percent text" for some
	@$(MAKE) --no-print-directory --jobs=$$(nproc) fuzz-run CC=clang LUA=lua5.4 BUILD=build/fuzz SANITIZE=fuzzer-no-link,address,undefined

SECONDS ?= 10
FUZZERS ?= $(C_FUZZERS) $(LUA_FUZZERS)

C_FUZZERS   := percent headers json_scan text
LUA_FUZZERS := query callback json_value redact webhook store where multipart pages
FUZZ_LIBS    = -fsanitize=fuzzer $(LIBS) -llua$(LUA:lua%=%) -lm

# The rooms, and then what two decoders make of the same text.
fuzz-run: $(FUZZERS:%=$(BUILD)/%)
	@LUA_PATH='lua/?.lua;spec/?.lua;;' spec/fuzz/run $(BUILD) $(SECONDS) $(FUZZERS)
	@DIFFERENTIAL_SECONDS=$(SECONDS) $(MAKE) --no-print-directory spec SPEC=spec/json/differential_spec.lua \
	  BUILD=build/$(LUA) SANITIZE= CC=cc

$(C_FUZZERS:%=$(BUILD)/%): $(BUILD)/%: spec/fuzz/%.c spec/fuzz/fuzz.h $(OBJECTS)
	@echo "compile $@"
	$(Q)$(COMPILE) -o $@ $< $(OBJECTS) $(FUZZ_LIBS)

$(LUA_FUZZERS:%=$(BUILD)/%): $(BUILD)/%: spec/fuzz/lua.c spec/fuzz/fuzz.h $(OBJECTS)
	@echo "compile $@"
	$(Q)$(COMPILE) -DSCRIPT='"spec/fuzz/$*.lua"' -o $@ $< $(OBJECTS) $(FUZZ_LIBS)

# What specs need of C: system calls, memory that runs out, rooms that no call on this machine reaches.
helpers: $(BUILD)/spec/process.so $(BUILD)/spec/failing.so $(BUILD)/spec/inner.so build/spec/failing_malloc.so $(if $(SANITIZE),$(BUILD)/bin/$(LUA)) ; @:

$(BUILD)/spec/%.so: spec/support/%.c $(BUILD)/flags
	@mkdir -p $(@D)
	@echo "compile $@"
	$(Q)$(COMPILE) -shared -Wl,--as-needed -o $@ $< $(LIBS)

$(BUILD)/spec/inner.so: src/http/loopback.c src/http/loopback.h src/http/pipe_guard.c src/http/pipe_guard.h

# A Lua with the sanitizer's library before everything else, for itself and not for what it starts.
$(BUILD)/bin/$(LUA): build/spec/alone.so Makefile
	@mkdir -p $(@D)
	@printf '#!/bin/bash\nLD_PRELOAD=%s:%s:$$LD_PRELOAD exec -a $(LUA) %s "$$@"\n' "$$($(CC) -print-file-name=libasan.so)" \
	  "$(CURDIR)/build/spec/alone.so" "$$(command -v $(LUA))" >$@
	@chmod +x $@

build/spec/%.so: spec/support/%.c
	@mkdir -p $(@D)
	@echo "compile $@"
	$(Q)$(CC) -std=gnu11 -fPIC $(WARNINGS) -O2 -g -fno-builtin -shared -o $@ $<

soak: deps-soak ## CALLS (default 100000) in MINUTES (10) at a service that fails at random, on LUA
	@$(MAKE) --no-print-directory soak-run

soak-run: $(CORE)
	@CALLS='$(CALLS)' MINUTES='$(MINUTES)' $(RUN) $(LUA) spec/soak.lua

demo: deps-demo ## the whole journey against the local service
	@$(MAKE) --no-print-directory demo-run LUA=$$(packaging/need usable demo $(DEMO_LUAS) | cut -d ' ' -f 1)

# The first of these that has what it needs.
DEMO_LUAS := lua5.4 luajit lua5.3 lua5.1

demo-run: $(CORE)
	@$(RUN) $(LUA) spec/demo.lua

types: $(CORE) ## write types/ anew: what editors know of each function and option
	@$(RUN_PACKAGING) $(LUA) packaging/make_types.lua types

RUN_PACKAGING = LUA_PATH='lua/?.lua;packaging/?.lua;;' LUA_CPATH='$(BUILD)/?.so;;'

doc: deps-doc ## README, guides, examples and the reference of every public function as a site, into build/doc
	@$(MAKE) --no-print-directory doc-run

doc-run: $(CORE)
	@rm -rf build/doc && mkdir -p build/doc
	@$(RUN_PACKAGING) $(LUA) packaging/make_site.lua build/doc && echo "open build/doc/index.html"

bench: deps-bench ## the numbers beside the floor and the peers; QUICK=1 for a short run, see bench/README.md
	@for lua in lua5.4 luajit; do $(MAKE) --no-print-directory LUA=$$lua BUILD=build/$$lua || exit; done
	@$(MAKE) --no-print-directory bench-run LUA=lua5.4 BUILD=build/lua5.4

BENCHES := floor multi timed probe

bench-in: ## the bench on a minimal Debian, such as SUITE=trixie, whose libcurl is another; see test-in
	@TARGETS=bench packaging/test-in $(SUITE)

bench-run: $(BENCHES:%=build/bench/%)
	@ulimit -n 16384 2>/dev/null; $(RUN_BENCH) lua5.4 bench/run.lua

RUN_BENCH = LUA_PATH='lua/?.lua;bench/?.lua;;' LUA_CPATH='$(BUILD)/?.so;;' QUICK='$(QUICK)' KEEP='$(KEEP)'

# The floor has the Lua that the interpreter has: linked in, and shown to lua-cjson.
build/bench/floor build/bench/multi: bench/exchange.c bench/exchange.h
build/bench/floor build/bench/multi: BENCH_LIBS = bench/exchange.c $(LIBS) -Wl,-E -l:liblua5.4.a -lm -ldl

build/bench/%: bench/%.c
	@mkdir -p $(@D)
	@echo "compile $@"
	$(Q)$(CC) -std=gnu11 $(WARNINGS) $(patsubst -I%,-isystem %,$(LUA_CFLAGS) $(LIB_CFLAGS)) $(CFLAGS) -o $@ $< $(BENCH_LIBS)

# What runs in the checkout uses its build. A sanitized core needs the sanitizer's library before everything else.
RUN = LUA_PATH='lua/?.lua;spec/?.lua;;' LUA_CPATH='$(BUILD)/?.so;;' $(if $(SANITIZE),$(SANITIZED))
SANITIZED = PATH="$(CURDIR)/$(BUILD)/bin:$$PATH" ASAN_OPTIONS=$${ASAN_OPTIONS:-detect_leaks=0}
# Lua 5.2 and later prefer LUA_PATH_5_2 and so on to LUA_PATH.
VERSIONS  := 5_2 5_3 5_4 5_5
PATHS_SET := $(foreach name,LUA_PATH LUA_CPATH $(VERSIONS:%=LUA_PATH_%) $(VERSIONS:%=LUA_CPATH_%),\
  $(if $(filter environment%,$(origin $(name))),$(name)))
unexport LUA_INIT $(VERSIONS:%=LUA_PATH_%) $(VERSIONS:%=LUA_CPATH_%) $(VERSIONS:%=LUA_INIT_%)

# --- Linting; `make -k lint` goes on after a complaint ---

lint: lint-lua lint-format lint-c lint-compilers ## luacheck, clang-format, cppcheck, clang-tidy, gcc and clang

lint-lua: deps-lint
	luacheck --quiet .

lint-format: deps-lint
	clang-format --dry-run -Werror src/*/*.[ch]

lint-c: deps-lint
	cppcheck --quiet -j $$(nproc) --error-exitcode=1 --enable=warning,performance,portability --suppress=ctuuninitvar \
	  --suppress=normalCheckLevelMaxBranches \
	  --inline-suppr --std=c11 -Isrc src
	printf '%s\n' $(SOURCES) | xargs -P $$(nproc) -n 4 sh -c 'clang-tidy --quiet "$$@" -- $(TIDY_FLAGS)' tidy

# Warnings are errors for both compilers and the headers of every Lua; only the bindings see those.
lint-compilers: deps-lint
	@for cc in gcc clang; do for lua in $(LUAS); do \
	  what=bindings; test $$lua != $(firstword $(LUAS)) || what=all; \
	  $(MAKE) --no-print-directory --jobs=$$(nproc) CC=$$cc WERROR=1 LUA=$$lua BUILD=build/lint/$$cc/$$lua $$what || exit; \
	done; done

bindings: $(filter $(BUILD)/obj/lua/%,$(OBJECTS))

TIDY_FLAGS = -std=gnu11 -Isrc $(patsubst -I%,-isystem %,$(LUA_CFLAGS) $(LIB_CFLAGS))

format: ## rewrite src/ as .clang-format says
	clang-format -i src/*/*.[ch]

# --- Using and installing ---

LUA_DIR := $(if $(filter luajit,$(LUA)),5.1,$(LUA:lua%=%))
quote    = '$(subst ','\'',$(1))'

# What the variable held goes on after ours; where there was none, Lua's own path does.
path_name  = $(firstword $(filter $(1)_$(subst .,_,$(LUA_DIR)),$(PATHS_SET)) $(1))
path_value = $(2)$(if $(filter $(1),$(PATHS_SET)),$(if $(filter ;%,$(firstword $(value $(1)))),,;)$(value $(1)),;;)
export_of  = @printf 'export %s=%s\n' $(1) $(call quote,$(call quote,$(call path_value,$(1),$(2))))

env: ## the two exports with which a script anywhere uses this checkout's build for LUA
	$(call export_of,$(call path_name,LUA_PATH),$(CURDIR)/lua/?.lua)
	$(call export_of,$(call path_name,LUA_CPATH),$(CURDIR)/$(BUILD)/?.so)

# Where modules in C and in Lua go; luarocks says its own.
INSTALL_LIB ?= $(PREFIX)/lib/lua/$(LUA_DIR)
INSTALL_LUA ?= $(PREFIX)/share/lua/$(LUA_DIR)
# For the library path of lua-language-server.
INSTALL_TYPES ?= $(PREFIX)/share/sapanywhere/types

INSTALL_BIN ?= $(PREFIX)/bin
INSTALL_SHARE ?= $(PREFIX)/share

install: install-library install-command ## into PREFIX (default /usr/local), below DESTDIR, for LUA

install-library: $(CORE)
	install -d "$(DESTDIR)$(INSTALL_LIB)/sapanywhere"
	install -m 755 $(CORE) "$(DESTDIR)$(INSTALL_LIB)/sapanywhere/core.so"
	@for file in $(MODULES); do \
	  install -D -m 644 $$file "$(DESTDIR)$(INSTALL_LUA)/$${file#lua/}" || exit; \
	done
	@for file in $(TYPES); do \
	  install -D -m 644 $$file "$(DESTDIR)$(INSTALL_TYPES)/$${file#types/}" || exit; \
	done

# The command finds this Lua, and what was installed with it; it runs where argparse and luasocket are (deps-command).
OWN_PATHS = package.path = "$(INSTALL_LUA)/?.lua;" .. package.path package.cpath = "$(INSTALL_LIB)/?.so;" .. package.cpath

install-command:
	install -d "$(DESTDIR)$(INSTALL_BIN)"
	sed -e '1s|.*|#!/usr/bin/env $(LUA)|' -e '2a $(OWN_PATHS)' bin/sapanywhere >"$(DESTDIR)$(INSTALL_BIN)/sapanywhere"
	chmod 755 "$(DESTDIR)$(INSTALL_BIN)/sapanywhere"
	install -D -m 644 packaging/sapanywhere.1 "$(DESTDIR)$(INSTALL_SHARE)/man/man1/sapanywhere.1"
	install -D -m 644 packaging/completion.bash \
	  "$(DESTDIR)$(INSTALL_SHARE)/bash-completion/completions/sapanywhere"
	install -D -m 644 packaging/completion.zsh "$(DESTDIR)$(INSTALL_SHARE)/zsh/site-functions/_sapanywhere"

completions: $(CORE) # what the command says of itself for the shells, into packaging/
	$(RUN) $(LUA) bin/sapanywhere completion bash >packaging/completion.bash
	$(RUN) $(LUA) bin/sapanywhere completion zsh >packaging/completion.zsh

static: $(BUILD)/libsapanywhere.a ## the core as a library to link into a program that has its own Lua, for LUA

# Of all names only the opener stays visible.
$(BUILD)/libsapanywhere.a: $(OBJECTS)
	@echo "archive $@"
	$(Q)rm -f $@ && $(LD) -r -o $(BUILD)/whole.o $(OBJECTS) && \
	  objcopy --keep-global-symbol=luaopen_sapanywhere_core $(BUILD)/whole.o && $(AR) rcs $@ $(BUILD)/whole.o

deb: deps-deb dist ## packages for Debian, of what is committed, into build/deb: the library and the command
	@$(MAKE) --no-print-directory deb-of-archive

deb-of-archive:
	@rm -rf build/deb && mkdir -p build/deb && tar xzf build/$(DIST).tar.gz -C build/deb
	@cp -r build/deb/$(DIST)/packaging/debian build/deb/$(DIST)/debian
	@cd build/deb/$(DIST) && env -u MAKEFLAGS -u MAKELEVEL dpkg-buildpackage --build=binary --no-sign
	@lintian --allow-root --fail-on error,warning build/deb/*.changes

dist: ## what is committed as build/sapanywhere-<version>.tar.gz; the same bytes each time
	@mkdir -p build
	git archive --prefix=$(DIST)/ HEAD | gzip -9n >build/$(DIST).tar.gz

DIST = sapanywhere-$(shell sed -n 's/^return "\(.*\)"$$/\1/p' lua/sapanywhere/version.lua)

clean: ## remove build/
	rm -rf build

help: ## this list
	@sed -n 's/^\([a-z-]*\): *.*## /make \1: /p' Makefile

lua-cflags:
	@echo $(LUA_CFLAGS)

.DELETE_ON_ERROR:
.PHONY: FORCE all bindings each-lua $(patsubst %,deps-%,build demo test bench check fuzz soak lint doc deb command $(APART)) \
  test test-luas run-files test-in test-deb $(APART:%=test-%) spec run-spec mutate helpers check $(patsubst %,check-%,sanitized valgrind eager memory older) \
  fuzz fuzz-run soak soak-run demo demo-run types static dist deb deb-of-archive doc doc-run bench bench-in bench-run lint $(patsubst %,lint-%,lua format c compilers) \
  format env install install-library install-command completions clean help lua-cflags
