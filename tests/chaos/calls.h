/* What the libraries of this folder share that are put between programs and the system: the real calls, the path that
 * a call means, and open(2) in all its forms. Include it after `#define _GNU_SOURCE`. */
#pragma once
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/types.h>
#include <unistd.h>

#define LONG_PATH (2 * PATH_MAX)
#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

/* The path of what is open; `found` has PATH_MAX bytes. Whether it has one. */
static int path_of_handle(int handle, char *found) {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", handle);
    ssize_t length = readlink(link, found, PATH_MAX - 1);
    found[length < 0 ? 0 : length] = 0;
    return length > 0;
}

/* A path from the root on; `found` has LONG_PATH bytes. "" is the folder itself. Whether it is known. */
static int absolute(int folder, const char *path, char *found) {
    char base[PATH_MAX];
    if (path[0] == '/')
        return snprintf(found, LONG_PATH, "%s", path) > 0;
    if (folder == AT_FDCWD ? !getcwd(base, sizeof base) : !path_of_handle(folder, base))
        return 0;
    return (path[0] ? snprintf(found, LONG_PATH, "%s/%s", base, path) : snprintf(found, LONG_PATH, "%s", base)) > 0;
}

/* What each of the libraries does with it. */
static int opened(int folder, const char *path, int flags, mode_t mode);

#define MODE_OF(flags)                                                                                                 \
    mode_t mode = 0;                                                                                                   \
    if (((flags) & O_CREAT) || ((flags) & O_TMPFILE) == O_TMPFILE) {                                                   \
        va_list rest;                                                                                                  \
        va_start(rest, flags);                                                                                         \
        mode = va_arg(rest, mode_t);                                                                                   \
        va_end(rest);                                                                                                  \
    }

int open(const char *path, int flags, ...) { MODE_OF(flags) return opened(AT_FDCWD, path, flags, mode); }
int open64(const char *path, int flags, ...) { MODE_OF(flags) return opened(AT_FDCWD, path, flags, mode); }
int openat(int folder, const char *path, int flags, ...) { MODE_OF(flags) return opened(folder, path, flags, mode); }
int openat64(int folder, const char *path, int flags, ...) { MODE_OF(flags) return opened(folder, path, flags, mode); }
