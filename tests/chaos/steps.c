/* Counts the steps by which processes change files below some folders, and strikes at one of them: LD_PRELOAD it.
 *
 * A step is a call that opens a file for writing, writes, syncs, or changes a name, a mode or a time; a write to a
 * socket between processes is one too (a message). All processes of a run share one count, in a file that CHAOS_AIM
 * names: `struct aim`, which steps.py writes. CHAOS_ROOTS are the folders, parted by colons. With CHAOS_LOG, each
 * step is written there.
 *
 * Of what SQLite writes to its WAL, only the last frame of a transaction is a step, the commit: without it the rest is
 * as good as not written. Its other writes to one file in a row are one step: they are a checkpoint, or a new file.
 *
 * CHAOS_LATER has the clock on the wall go ahead by so many seconds; CHAOS_CLOCK is a link whose target says by how
 * many just now.
 *
 * Not seen: what stdio opens and writes by itself (fopen), what is mapped (SQLite's -shm), io_uring, and programs that
 * are linked statically.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

#include "calls.h"

enum kind { OPEN = 1, WRITE = 2, SYNC = 4, NAME = 8, MESSAGE = 16, READ = 32 };
enum act { COUNT, KILL, KILL_LEADER, KILL_GROUP, FAIL };

static struct aim { /* as in steps.py */
    _Atomic int64_t steps;
    _Atomic int64_t struck; /* how often */
    _Atomic int32_t leader; /* the command's process */
    int32_t act;
    int64_t at, until; /* the steps that are struck: at <= step < until */
    int32_t after;     /* the call instead of before it */
    int32_t error;
    int32_t kinds; /* which steps count */
    _Atomic int64_t by_kind[6]; /* how many there were of each, whether they count or not */
} *aim;

static int log_handle = -1;

__attribute__((constructor)) static void start(void) {
    const char *path = getenv("CHAOS_AIM"), *log = getenv("CHAOS_LOG");
    int handle = path ? syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC) : -1;
    if (handle < 0)
        return;
    void *shared = mmap(NULL, sizeof(struct aim), PROT_READ | PROT_WRITE, MAP_SHARED, handle, 0);
    syscall(SYS_close, handle);
    if (shared == MAP_FAILED)
        abort();
    aim = shared;
    int32_t nobody = 0;
    atomic_compare_exchange_strong(&aim->leader, &nobody, getpid());
    if (log && (log_handle = syscall(SYS_openat, AT_FDCWD, log, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600)) >= 0) {
        int high = fcntl(log_handle, F_DUPFD_CLOEXEC, 900); /* out of the way of those who close what they inherit */
        if (high >= 0) {
            syscall(SYS_close, log_handle);
            log_handle = high;
        }
    }
}

/* ---- which steps are meant ---- */

static int below_a_root(const char *path) {
    const char *roots = getenv("CHAOS_ROOTS");
    while (roots && *roots) {
        size_t length = strcspn(roots, ":");
        if (!strncmp(path, roots, length) && (path[length] == '/' || !path[length]))
            return 1;
        roots += length + (roots[length] == ':');
    }
    return 0;
}

static int named(int folder, const char *path, char *found) {
    if (!aim || !path)
        return 0;
    int kept = errno, meant = absolute(folder, path, found) && below_a_root(found);
    errno = kept;
    return meant;
}

static int held(int handle, char *found) {
    if (!aim)
        return 0;
    int kept = errno, meant = path_of_handle(handle, found) && below_a_root(found);
    errno = kept;
    return meant;
}

/* ---- strikes ---- */

static __thread char last_path[LONG_PATH]; /* of this thread's last step */

static void die(int act) {
    if (act == KILL_GROUP)
        syscall(SYS_kill, -aim->leader, SIGKILL);
    syscall(SYS_kill, act == KILL_LEADER ? aim->leader : getpid(), SIGKILL);
}

static void note(int64_t step, const char *call, const char *path) {
    if (log_handle < 0)
        return;
    char line[LONG_PATH + 128];
    int length = snprintf(line, sizeof line, "%ld\t%d\t%s\t%s\n", (long)step, getpid(), call, path);
    syscall(SYS_write, log_handle, line, length);
}

static int64_t begin(enum kind kind, const char *call, const char *path, int *failure) {
    atomic_fetch_add(&aim->by_kind[__builtin_ctz(kind)], 1);
    if (!(aim->kinds & kind))
        return 0;
    int kept = errno;
    int64_t step = atomic_fetch_add(&aim->steps, 1) + 1;
    note(step, call, path);
    snprintf(last_path, sizeof last_path, "%s", path);
    *failure = 0;
    if (aim->act != COUNT && !aim->after && aim->at <= step && step < aim->until) {
        atomic_fetch_add(&aim->struck, 1);
        if (aim->act == FAIL)
            *failure = aim->error;
        else
            die(aim->act);
    }
    errno = kept;
    return step;
}

static void end(int64_t step) {
    if (step && aim->act != COUNT && aim->after && aim->at <= step && step < aim->until) {
        int kept = errno;
        atomic_fetch_add(&aim->struck, 1);
        die(aim->act);
        errno = kept;
    }
}

/* The call as a step, where it is `meant`; `where` is its path. */
#define STEP(type, meant, kind, name, call)                                                                            \
    char where[LONG_PATH];                                                                                             \
    int failure = 0;                                                                                                   \
    if (!(meant))                                                                                                      \
        return call;                                                                                                   \
    int64_t step = begin(kind, name, where, &failure);                                                                 \
    if (failure) {                                                                                                     \
        errno = failure;                                                                                               \
        return -1;                                                                                                     \
    }                                                                                                                  \
    type done = call;                                                                                                  \
    end(step);                                                                                                         \
    return done;

/* ---- calls ---- */

static int opened(int folder, const char *path, int flags, mode_t mode) {
    enum kind kind = flags & (O_WRONLY | O_RDWR | O_CREAT | O_TRUNC) ? OPEN : READ;
    STEP(int, named(folder, path, where), kind, "open", REAL(openat64)(folder, path, flags, mode))
}

int creat(const char *path, mode_t mode) { return opened(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode); }
int creat64(const char *path, mode_t mode) { return creat(path, mode); }

static int is_message(int handle, char *where) {
    struct stat status;
    int kept = errno;
    int answer = aim && (aim->kinds & MESSAGE) && !fstat(handle, &status) && S_ISSOCK(status.st_mode);
    errno = kept;
    return answer && snprintf(where, PATH_MAX, "socket") > 0;
}

ssize_t write(int handle, const void *data, size_t size) {
    char found[LONG_PATH];
    if (is_message(handle, found)) {
        STEP(ssize_t, is_message(handle, where), MESSAGE, "message", REAL(write)(handle, data, size))
    }
    STEP(ssize_t, held(handle, where), WRITE, "write", REAL(write)(handle, data, size))
}
ssize_t send(int handle, const void *data, size_t size, int flags) {
    STEP(ssize_t, is_message(handle, where), MESSAGE, "message", REAL(send)(handle, data, size, flags))
}
ssize_t sendmsg(int handle, const struct msghdr *message, int flags) {
    STEP(ssize_t, is_message(handle, where), MESSAGE, "message", REAL(sendmsg)(handle, message, flags))
}

ssize_t writev(int handle, const struct iovec *parts, int count) {
    STEP(ssize_t, held(handle, where), WRITE, "writev", REAL(writev)(handle, parts, count))
}

/* The header of a WAL's frame has 24 bytes; the second word is 0 but in the last frame of a transaction
 * (https://sqlite.org/fileformat.html#the_write_ahead_log). */
static int is_step_of_database(const char *path, const void *data, size_t size) {
    size_t length = strlen(path);
    if (length > 4 && !strcmp(path + length - 4, "-wal"))
        return size == 24 && memcmp((const char *)data + 4, "\0\0\0\0", 4);
    return strcmp(path, last_path);
}

ssize_t pwrite64(int handle, const void *data, size_t size, off64_t at) {
    STEP(ssize_t, held(handle, where) && is_step_of_database(where, data, size), WRITE, size == 24 ? "commit" : "pwrite",
         REAL(pwrite64)(handle, data, size, at))
}
ssize_t pwrite(int handle, const void *data, size_t size, off_t at) { return pwrite64(handle, data, size, at); }
ssize_t sendfile64(int handle, int from, off64_t *at, size_t size) {
    STEP(ssize_t, held(handle, where), WRITE, "sendfile", REAL(sendfile64)(handle, from, at, size))
}
ssize_t sendfile(int handle, int from, off_t *at, size_t size) { return sendfile64(handle, from, at, size); }
ssize_t copy_file_range(int from, off64_t *at, int handle, off64_t *to, size_t size, unsigned flags) {
    STEP(ssize_t, held(handle, where), WRITE, "copy_file_range",
         REAL(copy_file_range)(from, at, handle, to, size, flags))
}

int ftruncate64(int handle, off64_t size) {
    STEP(int, held(handle, where), WRITE, "truncate", REAL(ftruncate64)(handle, size))
}
int ftruncate(int handle, off_t size) { return ftruncate64(handle, size); }
int fsync(int handle) { STEP(int, held(handle, where), SYNC, "fsync", REAL(fsync)(handle)) }
int fdatasync(int handle) { STEP(int, held(handle, where), SYNC, "fdatasync", REAL(fdatasync)(handle)) }

int linkat(int from, const char *path, int folder, const char *name, int flags) {
    STEP(int, named(folder, name, where), NAME, "link", REAL(linkat)(from, path, folder, name, flags))
}
int link(const char *path, const char *name) { return linkat(AT_FDCWD, path, AT_FDCWD, name, 0); }
int symlinkat(const char *path, int folder, const char *name) {
    STEP(int, named(folder, name, where), NAME, "symlink", REAL(symlinkat)(path, folder, name))
}
int symlink(const char *path, const char *name) { return symlinkat(path, AT_FDCWD, name); }
int renameat2(int from, const char *path, int folder, const char *name, unsigned flags) {
    STEP(int, named(folder, name, where), NAME, "rename", REAL(renameat2)(from, path, folder, name, flags))
}
int renameat(int from, const char *path, int folder, const char *name) { return renameat2(from, path, folder, name, 0); }
int rename(const char *path, const char *name) { return renameat2(AT_FDCWD, path, AT_FDCWD, name, 0); }
int unlinkat(int folder, const char *path, int flags) {
    STEP(int, named(folder, path, where), NAME, "unlink", REAL(unlinkat)(folder, path, flags))
}
int unlink(const char *path) { return unlinkat(AT_FDCWD, path, 0); }
int rmdir(const char *path) { return unlinkat(AT_FDCWD, path, AT_REMOVEDIR); }
int mkdirat(int folder, const char *path, mode_t mode) {
    STEP(int, named(folder, path, where), NAME, "mkdir", REAL(mkdirat)(folder, path, mode))
}
int mkdir(const char *path, mode_t mode) { return mkdirat(AT_FDCWD, path, mode); }

int fchmodat(int folder, const char *path, mode_t mode, int flags) {
    STEP(int, named(folder, path, where), NAME, "chmod", REAL(fchmodat)(folder, path, mode, flags))
}
int chmod(const char *path, mode_t mode) { return fchmodat(AT_FDCWD, path, mode, 0); }
int fchmod(int handle, mode_t mode) { STEP(int, held(handle, where), NAME, "chmod", REAL(fchmod)(handle, mode)) }
int fchown(int handle, uid_t user, gid_t group) {
    STEP(int, held(handle, where), NAME, "chown", REAL(fchown)(handle, user, group))
}
int utimensat(int folder, const char *path, const struct timespec times[2], int flags) {
    STEP(int, named(folder, path, where), NAME, "times", REAL(utimensat)(folder, path, times, flags))
}
int futimens(int handle, const struct timespec times[2]) {
    STEP(int, held(handle, where), NAME, "times", REAL(futimens)(handle, times))
}
int fsetxattr(int handle, const char *name, const void *value, size_t size, int flags) {
    STEP(int, held(handle, where), NAME, "xattr", REAL(fsetxattr)(handle, name, value, size, flags))
}

/* ---- the clock ---- */

static long later(void) {
    const char *seconds = getenv("CHAOS_LATER"), *clock = getenv("CHAOS_CLOCK");
    if (clock) {
        int kept = errno;
        char said[32] = "";
        syscall(SYS_readlinkat, AT_FDCWD, clock, said, sizeof said - 1);
        errno = kept;
        return atol(said);
    }
    return seconds ? atol(seconds) : 0;
}

int clock_gettime(clockid_t clock, struct timespec *now) {
    int failed = syscall(SYS_clock_gettime, clock, now);
    if (!failed && clock == CLOCK_REALTIME)
        now->tv_sec += later();
    return failed;
}
int gettimeofday(struct timeval *restrict now, void *restrict zone) {
    int failed = syscall(SYS_gettimeofday, now, zone);
    now->tv_sec += later();
    return failed;
}
time_t time(time_t *kept) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (kept)
        *kept = now.tv_sec;
    return now.tv_sec;
}
