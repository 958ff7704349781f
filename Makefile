# Builds sapanywhere for one Lua (LUA=lua5.4, the default).

LUA   ?= lua5.4
BUILD ?= build/$(LUA)

CORE    := $(BUILD)/sapanywhere/core.so
SOURCES := $(wildcard src/*.c)
OBJECTS := $(SOURCES:src/%.c=$(BUILD)/obj/%.o)

CFLAGS   ?= -O2 -g
SAP_CFLAGS := -std=gnu11 -fPIC -fvisibility=hidden -Wall -Wextra -MMD -MP \
  $(shell pkg-config --cflags libcurl libcrypto) $(shell pkg-config --cflags $(LUA))
LIBS := $(shell pkg-config --libs libcurl libcrypto)

all: $(CORE)

$(CORE): $(OBJECTS)
	@mkdir -p $(@D)
	$(CC) -shared $(LDFLAGS) -o $@ $^ $(LIBS)

$(BUILD)/obj/%.o: src/%.c
	@mkdir -p $(@D)
	$(CC) $(SAP_CFLAGS) $(CFLAGS) -c -o $@ $<

clean:
	rm -rf build

.PHONY: all clean
-include $(OBJECTS:.o=.d)
