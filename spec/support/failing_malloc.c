/* Preloaded: fails one allocation that the core or libcurl asks for, and counts what they hold.
   Other callers always get their memory; lua-cjson, for one, would end the process. So does libcurl where libssl has
   called it: when it cannot keep a TLS session, 7.88.1 frees the name of the host twice, which no caller can help. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <link.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_RANGES = 8, SLOTS = 1 << 16, MOST_FRAMES = 24 };

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);
void __libc_free(void *block);

/* For failing.c, which finds them by name. Not thread-safe: libcurl's resolver thread is not watched. */
void sap_malloc_arm(long countdown); /* the countdown-th one from now fails; 0 for none */
int sap_malloc_failed(void);         /* whether it has: 1 for the core's, 2 for libcurl's */
long sap_malloc_live(void);          /* blocks that the watched callers hold */

struct code {
  uintptr_t from, upto;
  int owner; /* as sap_malloc_failed has it */
};

static struct code ranges[MOST_RANGES], libssl;
static int range_count;
static __thread long countdown; /* of the thread that arms it only */
static __thread int failed;
static uintptr_t held[SLOTS]; /* open addressing; 1 stands for a block that is gone */
static long live;
static volatile char lock;

static void enter(void) {
  while (__atomic_test_and_set(&lock, __ATOMIC_ACQUIRE)) continue;
}

static void leave(void) {
  __atomic_clear(&lock, __ATOMIC_RELEASE);
}

static size_t slot_of(uintptr_t block) {
  return (size_t)(block >> 4) * 2654435761u % SLOTS;
}

static void note(void *block) {
  size_t slot = slot_of((uintptr_t)block);
  enter();
  for (size_t i = 0; i < SLOTS; i++, slot = (slot + 1) % SLOTS)
    if (held[slot] <= 1) {
      held[slot] = (uintptr_t)block;
      live++;
      break;
    }
  leave();
}

static bool forget(void *block) {
  size_t slot = slot_of((uintptr_t)block);
  bool found = false;
  enter();
  for (size_t i = 0; i < SLOTS && held[slot] != 0 && !found; i++, slot = (slot + 1) % SLOTS)
    if (held[slot] == (uintptr_t)block) {
      held[slot] = 1;
      live--;
      found = true;
    }
  leave();
  return found;
}

static bool is_in(const struct code *code, const void *address) {
  return (uintptr_t)address >= code->from && (uintptr_t)address < code->upto;
}

static void add_code(struct code code, const char *name) {
  if (strstr(name, "/libssl") != NULL) libssl = code;
  code.owner = strstr(name, "sapanywhere/core.so") != NULL ? 1 : strstr(name, "/libcurl") != NULL ? 2 : 0;
  if (code.owner != 0 && range_count < MOST_RANGES) ranges[range_count++] = code;
}

static int add_library(struct dl_phdr_info *info, size_t size, void *unused) {
  (void)size;
  (void)unused;
  for (int i = 0; i < info->dlpi_phnum; i++) {
    const ElfW(Phdr) *header = &info->dlpi_phdr[i];
    uintptr_t from = info->dlpi_addr + header->p_vaddr;
    if (header->p_type == PT_LOAD && (header->p_flags & PF_X) != 0)
      add_code((struct code){ from, from + header->p_memsz, 0 }, info->dlpi_name);
  }
  return 0;
}

/* The first backtrace loads what it needs. */
static void find_code(void) {
  void *frames[1];
  backtrace(frames, 1);
  dl_iterate_phdr(add_library, NULL);
}

void sap_malloc_arm(long count) {
  if (range_count == 0) find_code();
  countdown = count;
  failed = 0;
}

int sap_malloc_failed(void) {
  return failed;
}

long sap_malloc_live(void) {
  return live;
}

/* Who of the watched it is, or 0. */
static int find_owner(const void *caller) {
  for (int i = 0; i < range_count; i++)
    if (is_in(&ranges[i], caller)) return ranges[i].owner;
  return 0;
}

static bool is_called_by_libssl(void) {
  void *frames[MOST_FRAMES];
  int count = backtrace(frames, MOST_FRAMES);
  for (int i = 0; i < count; i++)
    if (is_in(&libssl, frames[i])) return true;
  return false;
}

static bool must_fail(int owner) {
  if (owner == 0 || countdown == 0) return false;
  if (countdown > 1) {
    countdown--;
    return false;
  }
  if (is_called_by_libssl()) return false; /* the next one, then */
  countdown = 0;
  failed = owner;
  errno = ENOMEM;
  return true;
}

static void *hand_out(void *block, bool watched) {
  if (watched && block != NULL) note(block);
  return block;
}

void *malloc(size_t size) {
  int owner = find_owner(__builtin_return_address(0));
  return must_fail(owner) ? NULL : hand_out(__libc_malloc(size), owner != 0);
}

void *calloc(size_t count, size_t size) {
  int owner = find_owner(__builtin_return_address(0));
  return must_fail(owner) ? NULL : hand_out(__libc_calloc(count, size), owner != 0);
}

void *realloc(void *old, size_t size) {
  int owner = find_owner(__builtin_return_address(0));
  if (must_fail(owner)) return NULL;
  bool known = old != NULL && range_count > 0 && forget(old);
  return hand_out(__libc_realloc(old, size), owner != 0 || known);
}

char *strdup(const char *text) {
  int owner = find_owner(__builtin_return_address(0));
  size_t size = strlen(text) + 1;
  char *copy = must_fail(owner) ? NULL : hand_out(__libc_malloc(size), owner != 0);
  return copy != NULL ? memcpy(copy, text, size) : NULL;
}

void free(void *block) {
  if (block == NULL) return;
  if (range_count > 0) forget(block);
  __libc_free(block);
}
