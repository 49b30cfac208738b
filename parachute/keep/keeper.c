#include "parachute/keep/keeper.h"

#include "parachute/keep/clerk.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATIENCE_MS 10000 /* with another supervisor that writes an end */
#define LOOK_MS 50

/* An answer: a byte, 1 where the file was made; why it was set aside, with a NUL; then the file. */
enum { MADE_AT, ASIDE_AT, FILE_AT = 64 };

_Static_assert(FILE_AT + RECORD_BYTES <= CLERK_MESSAGE_MAX, "the answer fits into a message");
_Static_assert(1 + RECORD_SLOT <= CLERK_MESSAGE_MAX, "the job fits into a message");

/* Says what became of the file; with that done, it is forgotten. */
static int answer_with(struct recordfile *file, int error, bool whole, uint8_t *answer, size_t *len)
{
    memset(answer, 0, FILE_AT);
    answer[MADE_AT] = file->made;
    if (file->aside)
        memcpy(answer + ASIDE_AT, file->aside, strnlen(file->aside, FILE_AT - ASIDE_AT - 1));
    *len = FILE_AT + (whole ? RECORD_BYTES : 0);
    if (error == 0) {
        file->made = false;
        file->aside = NULL;
    }
    return error;
}

static int fetch(struct keeper *keeper, uint8_t *answer, size_t *len)
{
    uint8_t *bytes = answer + FILE_AT;
    int error = recordfile_hold(&keeper->file, keeper->dir, bytes);

    if (error == 0)
        error = recordfile_read(&keeper->file, bytes);
    bool whole = error == 0 || recordfile_peek(keeper->dir, bytes) == 0;
    return answer_with(&keeper->file, error, whole, answer, len);
}

static int store(struct keeper *keeper, const uint8_t *state, size_t state_len, uint8_t *answer,
                 size_t *len)
{
    uint8_t slot[RECORD_SLOT];
    int error = EINVAL;

    if (state_len <= sizeof slot) {
        memcpy(slot, state, state_len);
        error = recordfile_hold(&keeper->file, keeper->dir, answer + FILE_AT);
    }
    if (error == 0)
        error = recordfile_store(&keeper->file, slot, state_len);
    return answer_with(&keeper->file, error, false, answer, len);
}

int keeper_open(void *keeper, void *answer, size_t *len)
{
    return fetch(keeper, answer, len);
}

int keeper_do(void *keeper, const void *job, size_t len, void *answer, size_t *answer_len)
{
    const uint8_t *what = job;

    *answer_len = 0;
    if (len == 1 && *what == KEEPER_FETCH)
        return fetch(keeper, answer, answer_len);
    if (len > 1 && *what == KEEPER_STORE)
        return store(keeper, what + 1, len - 1, answer, answer_len);
    return EINVAL;
}

int keeper_hear(const void *answer, size_t len, struct keeper_heard *heard)
{
    const uint8_t *at = answer;

    if ((len != FILE_AT && len != FILE_AT + RECORD_BYTES) || at[MADE_AT] > 1 ||
        at[FILE_AT - 1] != '\0')
        return -1;
    *heard = (struct keeper_heard){.file = len > FILE_AT ? at + FILE_AT : NULL,
                                   .made = at[MADE_AT] == 1,
                                   .aside = at[ASIDE_AT] ? (const char *)at + ASIDE_AT : NULL};
    return 0;
}

/* Against another supervisor that is between its look and its write. Without one, where the file
 * system gives none, or for too long: an end is better written than not. */
static void lock_end(int file)
{
    struct flock lock = {.l_type = F_WRLCK,
                         .l_whence = SEEK_SET,
                         .l_start = (off_t)RECORD_END_AT,
                         .l_len = (off_t)RECORD_END_SLOT};

    for (int left_ms = PATIENCE_MS; left_ms > 0; left_ms -= LOOK_MS) {
        if (fcntl(file, F_OFD_SETLK, &lock) == 0 || (errno != EAGAIN && errno != EACCES))
            return;
        poll(NULL, 0, LOOK_MS);
    }
}

/* A supervisor may have been held up until after those of later attempts were done. */
static bool holds_later(int file, const struct record_end *end)
{
    uint8_t slot[RECORD_END_SLOT];
    struct record_end found;
    ssize_t got = pread(file, slot, sizeof slot, (off_t)RECORD_END_AT);

    if (got < 0 || record_decode_end(slot, (size_t)got, &found) < 0)
        return false;
    return found.number > end->number ||
           (found.number == end->number && found.attempt > end->attempt);
}

static int write_slot(int file, const uint8_t *slot)
{
    struct stat stat;
    size_t done = 0;

    if (fstat(file, &stat) < 0)
        return errno;
    if (!S_ISREG(stat.st_mode) || stat.st_size != (off_t)RECORD_BYTES)
        return EINVAL;
    while (done < RECORD_END_SLOT) {
        ssize_t put =
            pwrite(file, slot + done, RECORD_END_SLOT - done, (off_t)(RECORD_END_AT + done));
        if (put < 0 && errno != EINTR)
            return errno;
        done += put > 0 ? (size_t)put : 0;
    }
    return fdatasync(file) < 0 ? errno : 0;
}

int keeper_write_end(const char *path, const struct record_end *end)
{
    uint8_t slot[RECORD_END_SLOT];
    int dir = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);

    if (dir < 0)
        return errno;
    int file = openat(dir, RECORDFILE_NAME, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    int error = file < 0 ? errno : 0;
    close(dir);
    if (error != 0)
        return error;
    lock_end(file);
    record_encode_end(end, slot);
    if (!holds_later(file, end))
        error = write_slot(file, slot);
    close(file);
    return error;
}
