/* Stands between a program and its disk (LD_PRELOAD): records every change below one folder, or makes the n-th one fail or kill.

   Record: kind (1 byte), handle (8), offset (8), three lengths (4 each), path, second path, data. Little endian as it is in memory.
   O open  C create  W write  T truncate  S fsync  R rename  L link  U unlink  M mkdir  D rmdir  N note */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define FDS 65536
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char root[4096], only[4096];
static int armed, log_fd = -1, fail_errno, fail_sticky;
static long count, kill_at, fail_at;
static uint64_t handles, fd_handle[FDS];
static char *fd_path[FDS];

#define REAL(name) static __typeof__(&name) real; if (!real) real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

void faults_arm(const char *folder, int record_to) {
    pthread_mutex_lock(&lock);
    strncpy(root, folder, sizeof root - 1);
    log_fd = record_to; count = 0; kill_at = 0; fail_at = 0; armed = 1;
    pthread_mutex_unlock(&lock);
}
void faults_disarm(void) { pthread_mutex_lock(&lock); armed = 0; kill_at = fail_at = 0; log_fd = -1; pthread_mutex_unlock(&lock); }
void faults_kill(long nth) { kill_at = nth; }
void faults_fail(long nth, int error, int sticky, const char *below) { strncpy(only, below, sizeof only - 1); fail_errno = error; fail_sticky = sticky; fail_at = nth; }
void faults_heal(void) { fail_at = 0; }
long faults_count(void) { return count; }

static int is_ours(const char *path) {
    size_t length = strlen(root);
    if (!armed || !path || strncmp(path, root, length) || (path[length] != '/' && path[length])) return 0;
    size_t own = strlen(path);
    return !(own > 4 && !strcmp(path + own - 4, "-shm"));
}
static void put(char kind, uint64_t handle, int64_t offset, const char *path, const char *second, const void *data, size_t size) {
    if (log_fd < 0) return;
    uint32_t lengths[3] = {path ? strlen(path) : 0, second ? strlen(second) : 0, (uint32_t)size};
    char head[29];
    head[0] = kind; memcpy(head + 1, &handle, 8); memcpy(head + 9, &offset, 8); memcpy(head + 17, lengths, 12);
    syscall(SYS_write, log_fd, head, sizeof head);
    if (lengths[0]) syscall(SYS_write, log_fd, path, lengths[0]);
    if (lengths[1]) syscall(SYS_write, log_fd, second, lengths[1]);
    if (size) syscall(SYS_write, log_fd, data, size);
}
void faults_note(const char *text) { pthread_mutex_lock(&lock); if (armed) put('N', 0, 0, NULL, NULL, text, strlen(text)); pthread_mutex_unlock(&lock); }

/* Before a change: counts it; kills; or says with which error it fails. A full disk refuses what needs room, a read-only one all. */
static int fault(char kind, const char *path) {
    long n = ++count;
    if (kill_at && n == kill_at) kill(getpid(), SIGKILL);
    if (!fail_at || n < fail_at || (n > fail_at && !fail_sticky)) return 0;
    if (strncmp(path, only, strlen(only))) return 0;
    if (fail_errno == ENOSPC && !strchr("CWMLT", kind)) return 0;
    return fail_errno;
}
static int opened(int fd, const char *path, int is_new) {
    if (fd >= 0 && fd < FDS) {
        free(fd_path[fd]);
        fd_path[fd] = strdup(path);
        fd_handle[fd] = ++handles;
        put(is_new ? 'C' : 'O', handles, 0, path, NULL, NULL, 0);
    }
    return fd;
}
static int open_at(const char *path, int flags, mode_t mode) {
    if (!is_ours(path)) return syscall(SYS_openat, AT_FDCWD, path, flags, mode);
    pthread_mutex_lock(&lock);
    int is_new = (flags & O_CREAT) && syscall(SYS_faccessat, AT_FDCWD, path, F_OK) != 0;
    int changes = is_new || (flags & O_TRUNC), error = changes ? fault(is_new ? 'C' : 'T', path) : 0;
    if (!error && (flags & O_ACCMODE) != O_RDONLY && fail_at && fail_errno == EROFS && count >= fail_at && !strncmp(path, only, strlen(only))) error = EROFS;
    int fd = -1;
    if (error) errno = error;
    else {
        fd = syscall(SYS_openat, AT_FDCWD, path, flags, mode);
        int kept = errno;
        opened(fd, path, is_new);
        if (fd >= 0 && (flags & O_TRUNC) && !is_new) put('T', fd_handle[fd], 0, NULL, NULL, NULL, 0);
        errno = kept;
    }
    pthread_mutex_unlock(&lock);
    return fd;
}
#define MODE mode_t mode = 0; if (flags & (O_CREAT | O_TMPFILE)) { va_list rest; va_start(rest, flags); mode = va_arg(rest, int); va_end(rest); }
int open(const char *path, int flags, ...) { MODE return open_at(path, flags, mode); }
int open64(const char *path, int flags, ...) { MODE return open_at(path, flags | O_LARGEFILE, mode); }
int openat(int folder, const char *path, int flags, ...) { MODE return folder == AT_FDCWD || path[0] == '/' ? open_at(path, flags, mode) : (int)syscall(SYS_openat, folder, path, flags, mode); }
int openat64(int folder, const char *path, int flags, ...) { MODE return folder == AT_FDCWD || path[0] == '/' ? open_at(path, flags, mode) : (int)syscall(SYS_openat, folder, path, flags, mode); }
int close(int fd) {
    if (fd >= 0 && fd < FDS && fd_path[fd]) { pthread_mutex_lock(&lock); free(fd_path[fd]); fd_path[fd] = NULL; pthread_mutex_unlock(&lock); }
    return syscall(SYS_close, fd);
}
static int tracked(int fd) { return armed && fd >= 0 && fd < FDS && fd_path[fd] && is_ours(fd_path[fd]); }

static ssize_t write_at(int fd, const void *data, size_t size, off_t offset, int has_offset) {
    pthread_mutex_lock(&lock);
    ssize_t done = -1;
    int error = fault('W', fd_path[fd]);
    if (error) errno = error;
    else {
        if (!has_offset) {
            struct stat found;
            offset = (fcntl(fd, F_GETFL) & O_APPEND) && !fstat(fd, &found) ? found.st_size : lseek(fd, 0, SEEK_CUR);
        }
        done = has_offset ? syscall(SYS_pwrite64, fd, data, size, offset) : syscall(SYS_write, fd, data, size);
        int kept = errno;
        if (done > 0) put('W', fd_handle[fd], offset, NULL, NULL, data, done);
        errno = kept;
    }
    pthread_mutex_unlock(&lock);
    return done;
}
ssize_t write(int fd, const void *data, size_t size) { return tracked(fd) ? write_at(fd, data, size, 0, 0) : syscall(SYS_write, fd, data, size); }
ssize_t pwrite(int fd, const void *data, size_t size, off_t offset) { return tracked(fd) ? write_at(fd, data, size, offset, 1) : syscall(SYS_pwrite64, fd, data, size, offset); }
ssize_t pwrite64(int fd, const void *data, size_t size, off64_t offset) { return pwrite(fd, data, size, offset); }

static int cut_at(int fd, off_t length) {
    if (!tracked(fd)) return syscall(SYS_ftruncate, fd, length);
    pthread_mutex_lock(&lock);
    int done = -1, error = fault('T', fd_path[fd]);
    if (error) errno = error;
    else if (!(done = syscall(SYS_ftruncate, fd, length))) put('T', fd_handle[fd], length, NULL, NULL, NULL, 0);
    pthread_mutex_unlock(&lock);
    return done;
}
int ftruncate(int fd, off_t length) { return cut_at(fd, length); }
int ftruncate64(int fd, off64_t length) { return cut_at(fd, length); }
int truncate(const char *path, off_t length) {
    int fd = open(path, O_WRONLY);
    if (fd < 0) return -1;
    int done = cut_at(fd, length), kept = errno;
    close(fd);
    errno = kept;
    return done;
}
int truncate64(const char *path, off64_t length) { return truncate(path, length); }

static int flush(int fd, long number) {
    if (!tracked(fd)) return syscall(number, fd);
    pthread_mutex_lock(&lock);
    int done = -1, error = fault('S', fd_path[fd]);
    if (error) errno = error;
    else { done = 0; put('S', fd_handle[fd], 0, fd_path[fd], NULL, NULL, 0); } /* the folder lives in memory: nothing to wait for */
    pthread_mutex_unlock(&lock);
    return done;
}
int fsync(int fd) { return flush(fd, SYS_fsync); }
int fdatasync(int fd) { return flush(fd, SYS_fdatasync); }

#define CHANGE(kind, first, second, call) \
    if (!is_ours(first) && !is_ours(second)) return call; \
    pthread_mutex_lock(&lock); \
    int done = -1, error = fault(kind, is_ours(second) ? second : first); \
    if (error) errno = error; \
    else if (!(done = call)) put(kind, 0, 0, first, second, NULL, 0); \
    pthread_mutex_unlock(&lock); \
    return done;
int rename(const char *old, const char *new) { CHANGE('R', old, new, (int)syscall(SYS_renameat2, AT_FDCWD, old, AT_FDCWD, new, 0)) }
int renameat(int from, const char *old, int to, const char *new) { CHANGE('R', old, new, (int)syscall(SYS_renameat2, from, old, to, new, 0)) }
int link(const char *old, const char *new) { CHANGE('L', old, new, (int)syscall(SYS_linkat, AT_FDCWD, old, AT_FDCWD, new, 0)) }
int linkat(int from, const char *old, int to, const char *new, int flags) { CHANGE('L', old, new, (int)syscall(SYS_linkat, from, old, to, new, flags)) }
int unlink(const char *path) { CHANGE('U', path, NULL, (int)syscall(SYS_unlinkat, AT_FDCWD, path, 0)) }
int unlinkat(int folder, const char *path, int flags) { CHANGE('U', path, NULL, (int)syscall(SYS_unlinkat, folder, path, flags)) }
int mkdir(const char *path, mode_t mode) { CHANGE('M', path, NULL, (int)syscall(SYS_mkdirat, AT_FDCWD, path, mode)) }
int rmdir(const char *path) { CHANGE('D', path, NULL, (int)syscall(SYS_unlinkat, AT_FDCWD, path, AT_REMOVEDIR)) }
