/* Writes down, in the one true order, every change that processes make to files below some folders: LD_PRELOAD it.
 *
 * POWER_LOG names the log, POWER_ROOTS is "folder=stash:folder=stash". A record is a line of fields parted by tabs,
 *
 *     kind  device-inode  offset  size  mtime_ns  bytes  path  other path
 *
 * and, for `write`, so many bytes of data. The log is locked around each call and its record, so that no change can
 * happen between the two. Each new file gets a second name in the stash: its inode then lasts, and is given to no other
 * file, so that a disk can be built anew with the very inodes that the ledger knows. SQLite's -shm is left out: it does
 * not outlive a loss of power.
 *
 * Who asks how many names a file has is not told of that one. Without POWER_LOG nothing is logged.
 *
 * POWER_BOOT names a file that is read in place of the kernel's boot id: after a loss of power that is another one.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "calls.h"

/* ---- which files are meant ---- */

/* Whether it lies below a folder that is watched; `stash` becomes that folder's. */
static int below(const char *path, char *stash) {
    const char *roots = getenv("POWER_ROOTS");
    size_t length = strlen(path);
    if (!roots || (length > 4 && !strcmp(path + length - 4, "-shm")))
        return 0;
    while (*roots) {
        size_t root = strcspn(roots, "="), whole = strcspn(roots, ":");
        if (!strncmp(path, roots, root) && (path[root] == '/' || !path[root])) {
            if (stash)
                snprintf(stash, PATH_MAX, "%.*s", (int)(whole - root - 1), roots + root + 1);
            return 1;
        }
        roots += whole + (roots[whole] == ':');
    }
    return 0;
}

static int meant(int folder, const char *path, char *found, char *stash) {
    int kept = errno;
    int answer = getenv("POWER_LOG") && path && absolute(folder, path, found) && below(found, stash);
    errno = kept;
    return answer;
}

/* A regular file or a folder below a root, by its handle. */
static int held(int handle, char *found) {
    struct stat status;
    int kept = errno;
    int answer = getenv("POWER_LOG") && !fstat(handle, &status) && (S_ISREG(status.st_mode) || S_ISDIR(status.st_mode)) &&
                 absolute(handle, "", found) && below(found, NULL);
    errno = kept;
    return answer;
}

/* ---- the second names are hidden ---- */

static int without_stash(int done, int folder, const char *path, nlink_t *names, dev_t device, ino_t inode) {
    static __thread char found[LONG_PATH], stash[PATH_MAX], name[PATH_MAX + 64];
    int kept = errno;
    if (!done && *names > 1 && absolute(folder, path, found) && below(found, stash)) {
        snprintf(name, sizeof name, "%s/%lu-%lu", stash, (unsigned long)device, (unsigned long)inode);
        *names -= !access(name, F_OK);
    }
    errno = kept;
    return done;
}

#define HIDING(folder, path, call)                                                                                     \
    int done = call;                                                                                                   \
    return without_stash(done, folder, path, &to->st_nlink, to->st_dev, to->st_ino);

int stat(const char *path, struct stat *to) { HIDING(AT_FDCWD, path, REAL(stat)(path, to)) }
int stat64(const char *path, struct stat64 *to) { HIDING(AT_FDCWD, path, REAL(stat64)(path, to)) }
int lstat(const char *path, struct stat *to) { HIDING(AT_FDCWD, path, REAL(lstat)(path, to)) }
int lstat64(const char *path, struct stat64 *to) { HIDING(AT_FDCWD, path, REAL(lstat64)(path, to)) }
int fstat(int handle, struct stat *to) { HIDING(handle, "", REAL(fstat)(handle, to)) }
int fstat64(int handle, struct stat64 *to) { HIDING(handle, "", REAL(fstat64)(handle, to)) }
int fstatat(int folder, const char *path, struct stat *to, int flags) {
    HIDING(folder, path, REAL(fstatat)(folder, path, to, flags))
}
int fstatat64(int folder, const char *path, struct stat64 *to, int flags) {
    HIDING(folder, path, REAL(fstatat64)(folder, path, to, flags))
}

/* ---- the log ---- */

static int begin(void) {
    int handle = REAL(open64)(getenv("POWER_LOG"), O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    if (handle < 0)
        abort();
    while (flock(handle, LOCK_EX) < 0)
        if (errno != EINTR)
            abort();
    return handle;
}

static void end(int handle) {
    int kept = errno;
    flock(handle, LOCK_UN);
    close(handle);
    errno = kept;
}

static void put(int log, const char *kind, const struct stat *of, long offset, long size, const char *path,
                const char *other, const void *data, size_t bytes) {
    static __thread char line[2 * LONG_PATH + 256];
    int kept = errno;
    long long mtime = of ? of->st_mtim.tv_sec * 1000000000LL + of->st_mtim.tv_nsec : 0;
    int length = snprintf(line, sizeof line, "%s\t%lu-%lu\t%ld\t%ld\t%lld\t%zu\t%s\t%s\n", kind,
                          of ? (unsigned long)of->st_dev : 0, of ? (unsigned long)of->st_ino : 0, offset, size, mtime,
                          bytes, path, other);
    struct iovec parts[2] = {{line, length}, {(void *)data, bytes}};
    if (REAL(writev)(log, parts, 2) != (ssize_t)(length + bytes))
        abort();
    errno = kept;
}

static void put_handle(int log, const char *kind, int handle, long offset, long size, const char *path,
                       const void *data, size_t bytes) {
    struct stat status;
    int kept = errno;
    if (!fstat(handle, &status))
        put(log, kind, &status, offset, size, path, "", data, bytes);
    errno = kept;
}

/* What was written is read back: so it is with every call that writes. */
static void put_written(int log, int handle, long offset, ssize_t bytes, const char *path) {
    int kept = errno;
    char link[64], *data;
    if (bytes > 0 && (data = malloc(bytes))) {
        snprintf(link, sizeof link, "/proc/self/fd/%d", handle);
        int reader = REAL(open64)(link, O_RDONLY | O_CLOEXEC);
        if (reader < 0 || pread64(reader, data, bytes, offset) != bytes)
            abort();
        close(reader);
        put_handle(log, "write", handle, offset, bytes, path, data, bytes);
        free(data);
    }
    errno = kept;
}

/* ---- files by their handle ---- */

static int opened(int folder, const char *path, int flags, mode_t mode) {
    static __thread char found[LONG_PATH], stash[PATH_MAX], name[PATH_MAX + 64], link[64];
    const char *boot = getenv("POWER_BOOT");
    if (boot && !strcmp(path, "/proc/sys/kernel/random/boot_id"))
        path = boot;
    int making = (flags & O_CREAT) || (flags & O_TMPFILE) == O_TMPFILE;
    if (!(making || (flags & O_TRUNC)) || !meant(folder, path, found, stash))
        return REAL(openat64)(folder, path, flags, mode);
    int log = begin();
    struct stat before, now;
    int kept = errno, stood = !fstatat(folder, path, &before, 0) && S_ISREG(before.st_mode);
    errno = kept;
    int handle = REAL(openat64)(folder, path, flags, mode);
    if (handle >= 0 && !fstat(handle, &now) && S_ISREG(now.st_mode)) {
        if (stood && (flags & O_TRUNC))
            put(log, "truncate", &now, 0, 0, found, "", NULL, 0);
        if (!stood) {
            snprintf(link, sizeof link, "/proc/self/fd/%d", handle);
            snprintf(name, sizeof name, "%s/%lu-%lu", stash, (unsigned long)now.st_dev, (unsigned long)now.st_ino);
            REAL(linkat)(AT_FDCWD, link, AT_FDCWD, name, AT_SYMLINK_FOLLOW);
            put(log, (flags & O_TMPFILE) == O_TMPFILE ? "born" : "create", &now, 0, 0, found, "", NULL, 0);
        }
    }
    end(log);
    return handle;
}

static __thread char where[LONG_PATH];

/* For calls that move the handle's position: where it was follows from where it is. */
#define MOVING(type, call)                                                                                             \
    if (!held(handle, where))                                                                                          \
        return call;                                                                                                   \
    int log = begin();                                                                                                 \
    type done = call;                                                                                                  \
    int kept = errno;                                                                                                  \
    if (done > 0)                                                                                                      \
        put_written(log, handle, lseek64(handle, 0, SEEK_CUR) - done, done, where);                                    \
    errno = kept;                                                                                                      \
    end(log);                                                                                                          \
    return done;

#define PLACED(type, call, offset)                                                                                     \
    if (!held(handle, where))                                                                                          \
        return call;                                                                                                   \
    int log = begin();                                                                                                 \
    type done = call;                                                                                                  \
    put_written(log, handle, offset, done, where);                                                                     \
    end(log);                                                                                                          \
    return done;

ssize_t write(int handle, const void *data, size_t bytes) {
    if (handle == STDOUT_FILENO && getenv("POWER_LOG")) { /* what is said is a promise from now on */
        int log = begin();
        put(log, "said", NULL, 0, 0, "", "", NULL, 0);
        end(log);
    }
    MOVING(ssize_t, REAL(write)(handle, data, bytes))
}
ssize_t writev(int handle, const struct iovec *parts, int count) {
    MOVING(ssize_t, REAL(writev)(handle, parts, count))
}
ssize_t sendfile64(int handle, int from, off64_t *at, size_t bytes) {
    MOVING(ssize_t, REAL(sendfile64)(handle, from, at, bytes))
}
ssize_t sendfile(int handle, int from, off_t *at, size_t bytes) {
    MOVING(ssize_t, REAL(sendfile)(handle, from, at, bytes))
}
ssize_t copy_file_range(int from, off64_t *at, int handle, off64_t *to, size_t bytes, unsigned flags) {
    if (to) {
        long offset = *to;
        PLACED(ssize_t, REAL(copy_file_range)(from, at, handle, to, bytes, flags), offset)
    }
    MOVING(ssize_t, REAL(copy_file_range)(from, at, handle, to, bytes, flags))
}
ssize_t pwrite64(int handle, const void *data, size_t bytes, off64_t offset) {
    PLACED(ssize_t, REAL(pwrite64)(handle, data, bytes, offset), offset)
}
ssize_t pwrite(int handle, const void *data, size_t bytes, off_t offset) {
    return pwrite64(handle, data, bytes, offset);
}

#define RECORDED(call, kind, size)                                                                                     \
    if (!held(handle, where))                                                                                          \
        return call;                                                                                                   \
    int log = begin();                                                                                                 \
    int done = call;                                                                                                   \
    if (!done)                                                                                                         \
        put_handle(log, kind, handle, 0, size, where, NULL, 0);                                                        \
    end(log);                                                                                                          \
    return done;

int ftruncate64(int handle, off64_t size) { RECORDED(REAL(ftruncate64)(handle, size), "truncate", size) }
int ftruncate(int handle, off_t size) { RECORDED(REAL(ftruncate)(handle, size), "truncate", size) }
int fsync(int handle) { RECORDED(REAL(fsync)(handle), "sync", 0) }
int fdatasync(int handle) { RECORDED(REAL(fdatasync)(handle), "sync", 0) }
int futimens(int handle, const struct timespec times[2]) { RECORDED(REAL(futimens)(handle, times), "times", 0) }

/* ---- names ---- */

static __thread char one[LONG_PATH], two[LONG_PATH];

int utimensat(int folder, const char *path, const struct timespec times[2], int flags) {
    if (!meant(folder, path, one, NULL))
        return REAL(utimensat)(folder, path, times, flags);
    struct stat status;
    int log = begin(), done = REAL(utimensat)(folder, path, times, flags);
    if (!done && !fstatat(folder, path, &status, flags))
        put(log, "times", &status, 0, 0, one, "", NULL, 0);
    end(log);
    return done;
}

int linkat(int from, const char *path, int folder, const char *name, int flags) {
    if (!meant(folder, name, one, NULL))
        return REAL(linkat)(from, path, folder, name, flags);
    struct stat status;
    int log = begin(), done = REAL(linkat)(from, path, folder, name, flags);
    if (!done && !fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW))
        put(log, "link", &status, 0, 0, one, "", NULL, 0);
    end(log);
    return done;
}
int link(const char *path, const char *name) { return linkat(AT_FDCWD, path, AT_FDCWD, name, 0); }

static int renamed(int from, const char *path, int folder, const char *name, unsigned flags) {
    if (!meant(from, path, one, NULL) || !meant(folder, name, two, NULL))
        return REAL(renameat2)(from, path, folder, name, flags);
    struct stat status, left;
    int log = begin(), done = REAL(renameat2)(from, path, folder, name, flags), kept = errno;
    if (!done && !fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW)) {
        int swapped = flags & RENAME_EXCHANGE;
        /* The old name stays where both are names of one file: then nothing happens. */
        if (swapped || fstatat(from, path, &left, AT_SYMLINK_NOFOLLOW))
            put(log, swapped ? "exchange" : "rename", &status, 0, 0, one, two, NULL, 0);
    }
    errno = kept;
    end(log);
    return done;
}
int rename(const char *path, const char *name) { return renamed(AT_FDCWD, path, AT_FDCWD, name, 0); }
int renameat(int from, const char *path, int folder, const char *name) { return renamed(from, path, folder, name, 0); }
int renameat2(int from, const char *path, int folder, const char *name, unsigned flags) {
    return renamed(from, path, folder, name, flags);
}

#define NAMED(call, kind, folder, path)                                                                                \
    if (!meant(folder, path, one, NULL))                                                                               \
        return call;                                                                                                   \
    struct stat status = {0};                                                                                          \
    int kept = errno, log = begin();                                                                                   \
    fstatat(folder, path, &status, AT_SYMLINK_NOFOLLOW);                                                               \
    errno = kept;                                                                                                      \
    int done = call;                                                                                                   \
    if (!done)                                                                                                         \
        put(log, kind, &status, 0, 0, one, "", NULL, 0);                                                               \
    end(log);                                                                                                          \
    return done;

int unlinkat(int folder, const char *path, int flags) {
    NAMED(REAL(unlinkat)(folder, path, flags), flags & AT_REMOVEDIR ? "rmdir" : "unlink", folder, path)
}
int unlink(const char *path) { return unlinkat(AT_FDCWD, path, 0); }
int rmdir(const char *path) { return unlinkat(AT_FDCWD, path, AT_REMOVEDIR); }
int mkdirat(int folder, const char *path, mode_t mode) {
    NAMED(REAL(mkdirat)(folder, path, mode), "mkdir", folder, path)
}
int mkdir(const char *path, mode_t mode) { return mkdirat(AT_FDCWD, path, mode); }
