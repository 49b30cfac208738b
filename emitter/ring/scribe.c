#include "emitter/ring/scribe.h"

#include "base/clock.h"
#include "emitter/ring/ringdir.h"
#include "emitter/ring/ringfile.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define HEAD_BYTES offsetof(struct scribe_message, bytes)

struct scribe {
    const struct scribe_options *options;
    struct ringdir dir;
    struct ringfile found;
    int error;           /* that is still to be told */
    int64_t sync_due_ns; /* monotonic; 0: all is synced */
    struct scribe_message message;
};

ssize_t scribe_send(int fd, const struct scribe_message *message)
{
    return send(fd, message, HEAD_BYTES + message->len, MSG_NOSIGNAL);
}

ssize_t scribe_receive(int fd, struct scribe_message *message, int flags)
{
    ssize_t got = recv(fd, message, sizeof *message, flags);

    if (got > 0 && ((size_t)got < HEAD_BYTES || (size_t)got != HEAD_BYTES + message->len)) {
        errno = EPROTO;
        return -1;
    }
    return got;
}

/* The agent is gone, or has had enough: there is nobody to do anything for. */
static void tell(struct scribe *scribe)
{
    if (scribe_send(STDIN_FILENO, &scribe->message) < 0)
        _exit(0);
}

static void say(struct scribe *scribe, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void say(struct scribe *scribe, const char *format, ...)
{
    struct scribe_message *message = &scribe->message;
    va_list args;

    va_start(args, format);
    vsnprintf((char *)message->bytes, 512, format, args);
    va_end(args);
    message->kind = SCRIBE_SAY;
    message->len = strlen((const char *)message->bytes);
    tell(scribe);
}

static void answer(struct scribe *scribe, enum scribe_kind kind, int error)
{
    scribe->message.kind = kind;
    scribe->message.error = error;
    scribe->message.len = 0;
    tell(scribe);
}

static void tell_block(struct scribe *scribe, const struct ringfile_block *block, bool renewed)
{
    struct scribe_message *message = &scribe->message;

    message->kind = SCRIBE_BLOCK;
    message->renewed = renewed;
    message->number = block->extent.len;
    message->pieces[0].at = block->at;
    for (size_t told = 0; told < block->extent.len; told += message->len) {
        size_t rest = block->extent.len - told;

        message->len = rest < SCRIBE_BYTES_MOST ? rest : SCRIBE_BYTES_MOST;
        memcpy(message->bytes, block->bytes + told, message->len);
        tell(scribe);
    }
}

static void tell_positions(struct scribe *scribe)
{
    struct bytes slot = {0};

    if (scribe->found.positions.turn == 0 || positions_encode(&scribe->found.positions, &slot) < 0)
        return;
    scribe->message.kind = SCRIBE_POSITIONS;
    scribe->message.len = slot.len;
    memcpy(scribe->message.bytes, slot.data, slot.len);
    bytes_clean(&slot);
    tell(scribe);
}

/* Whether another time the file may be read after all. */
static bool passes(int error)
{
    return error == EACCES || error == EPERM || error == ENOMEM || error == EMFILE ||
           error == ENFILE;
}

/* Reads the file `name` and adds what is in it. One that is none of ours is set aside. */
static bool scan(struct scribe *scribe, const char *name, struct ringdir_image *image)
{
    const char *why = NULL;
    char aside[RINGDIR_NAME_MAX];
    int error = ringdir_read(&scribe->dir, name, image) < 0 ? errno : 0;

    if (passes(error))
        scribe->error = error;
    if (error == ENOENT || passes(error))
        return false;
    if (error != 0)
        why = strerror(error);
    else if (ringfile_scan(&scribe->found, image->bytes, image->len, &why) == 0)
        return true;
    if (ringdir_set_aside(&scribe->dir, name, aside) == 0) {
        say(scribe, "%s is no ring: %s; it is set aside as %s", name, why, aside);
        return false;
    }
    scribe->dir.keep = true; /* rather than overwrite it */
    if (scribe->options->load)
        say(scribe, "%s is no ring: %s; it cannot be set aside: %s", name, why, strerror(errno));
    return false;
}

static void tell_damage(struct scribe *scribe)
{
    const struct ringfile *found = &scribe->found;

    if (found->damaged)
        say(scribe,
            "the ring's file is damaged: %llu snapshots are lost; it is kept aside, and what is "
            "sound goes on in a new one",
            (unsigned long long)found->missing);
    else if (found->torn)
        say(scribe,
            "the ring's file ends torn, as after a crash; all before that is there, "
            "%llu snapshots are lost",
            (unsigned long long)found->missing);
}

static void tell_found(struct scribe *scribe, bool renew)
{
    tell_damage(scribe);
    for (size_t i = 0; i < scribe->found.count; i++)
        tell_block(scribe, &scribe->found.blocks[i], renew);
    tell_positions(scribe);
}

/*
 * Reads the files there are, and tells what they have if that is wanted. Gives whether a new file
 * has to be written: one that fits already is gone on with.
 */
static bool look(struct scribe *scribe)
{
    struct ringfile *found = &scribe->found;
    struct ringdir_image ring = {0};
    struct ringdir_image next = {0};

    ringdir_mend(&scribe->dir);
    bool has_next = scan(scribe, RINGDIR_NEXT, &next);
    bool has_ring = scan(scribe, RINGDIR_RING, &ring);
    ringfile_finish(found);
    bool renew =
        !has_ring || has_next || found->damaged || found->data_bytes != scribe->options->data_bytes;
    scribe->dir.keep = scribe->dir.keep || (has_ring && found->damaged);
    if (scribe->options->load && scribe->error == 0)
        tell_found(scribe, renew);
    ringfile_clean(found);
    ringdir_forget(&ring);
    ringdir_forget(&next);
    return renew;
}

/* Writes the pieces; 0 or errno. */
static int write_pieces(struct scribe *scribe)
{
    const struct scribe_message *message = &scribe->message;
    const uint8_t *bytes = message->bytes;

    for (size_t i = 0; i < SCRIBE_PIECES; i++) {
        const struct scribe_piece *piece = &message->pieces[i];

        if (piece->len > (size_t)(message->bytes + message->len - bytes))
            return EPROTO;
        if (ringdir_write(&scribe->dir, piece->at, bytes, piece->len) < 0)
            return errno;
        bytes += piece->len;
    }
    if (message->complete && ringdir_complete(&scribe->dir) < 0)
        return errno;
    return 0;
}

static int sync_if_due(struct scribe *scribe)
{
    if (scribe->sync_due_ns == 0 || clock_mono_ns() < scribe->sync_due_ns)
        return 0;
    scribe->sync_due_ns = 0;
    return ringdir_sync(&scribe->dir) < 0 ? errno : 0;
}

static void obey(struct scribe *scribe)
{
    int error = write_pieces(scribe);

    if (error == 0)
        error = scribe->error;
    scribe->error = 0;
    if (scribe->sync_due_ns == 0)
        scribe->sync_due_ns = clock_mono_ns() + scribe->options->sync_ms * CLOCK_NS_PER_MS;
    if (error == 0 && scribe->options->sync_ms == 0)
        error = sync_if_due(scribe);
    answer(scribe, SCRIBE_WRITTEN, error);
}

/* Until the agent is gone; then what is not synced yet still is. */
static void serve(struct scribe *scribe)
{
    struct pollfd agent = {.fd = STDIN_FILENO, .events = POLLIN};

    for (;;) {
        int64_t wait_ns = scribe->sync_due_ns - clock_mono_ns();
        int wait_ms = scribe->sync_due_ns == 0 ? -1
                      : wait_ns > 0            ? (int)(wait_ns / CLOCK_NS_PER_MS) + 1
                                               : 0;

        if (poll(&agent, 1, wait_ms) > 0) {
            if (scribe_receive(STDIN_FILENO, &scribe->message, 0) <= 0)
                break;
            obey(scribe);
        }
        int error = sync_if_due(scribe); /* told with the next write */
        if (error != 0)
            scribe->error = error;
    }
    ringdir_leave(&scribe->dir);
    ringdir_sync(&scribe->dir);
}

void scribe_serve(void *options, pid_t agent)
{
    static struct scribe scribe; /* too large for a stack */
    pid_t holder = 0;

    scribe.options = options;
    int opened = ringdir_open(&scribe.dir, scribe.options->dir, agent, &holder);
    if (opened > 0) {
        scribe.message.number = (uint64_t)holder;
        answer(&scribe, SCRIBE_BUSY, 0);
        return;
    }
    if (opened < 0) {
        answer(&scribe, SCRIBE_READY, errno == EWOULDBLOCK ? EBUSY : errno);
        return;
    }
    bool renew = look(&scribe) || scribe.options->renew;
    if (scribe.error != 0) {
        answer(&scribe, SCRIBE_READY, scribe.error);
        return;
    }
    int began =
        renew ? ringdir_renew(&scribe.dir, scribe.options->data_bytes) : ringdir_go_on(&scribe.dir);
    scribe.message.renewed = renew;
    scribe.message.complete = true;
    answer(&scribe, SCRIBE_READY, began < 0 ? errno : 0);
    if (began == 0)
        serve(&scribe);
}
