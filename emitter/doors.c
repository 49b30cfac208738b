#include "emitter/doors.h"

#include "base/log.h"
#include "emitter/emitter.h"
#include "emitter/http/http.h"
#include "emitter/lines.h"
#include "emitter/listen.h"

#include <stdlib.h>
#include <string.h>

struct doors {
    struct event_base *base;
    const struct ring *ring;
    const struct series_table *series;
    doors_health *health;
    void *arg;

    bool open;
    struct http *http; /* NULL: this one is off */
    struct lines *lines;
};

/* The sockets of the doors that leave their addresses, and where the others are to be. */
struct moves {
    bool http;
    bool lines;
    struct listening *old_http; /* NULL: there is none, or it stays */
    struct listening *old_lines;
};

struct doors *doors_new(struct event_base *base, const struct ring *ring,
                        const struct series_table *series, doors_health *health, void *arg)
{
    struct doors *doors = calloc(1, sizeof *doors);

    if (!doors)
        return NULL;
    doors->base = base;
    doors->ring = ring;
    doors->series = series;
    doors->health = health;
    doors->arg = arg;
    return doors;
}

void doors_free(struct doors *doors)
{
    if (!doors)
        return;
    doors_close(doors);
    free(doors);
}

void doors_close(struct doors *doors)
{
    http_close(doors->http);
    doors->http = NULL;
    lines_close(doors->lines);
    doors->lines = NULL;
    doors->open = false;
}

static struct http_options http_options(const struct doors *doors,
                                        const struct emitter_options *options)
{
    return (struct http_options){
        .listen = options->http_listen,
        .token = options->http_token,
        .instance_id = options->instance_id,
        .max_connections = options->http_max_connections,
        .health = doors->health,
        .health_arg = doors->arg,
    };
}

static struct http *open_http(const struct doors *doors, const struct emitter_options *options)
{
    const struct http_options http = http_options(doors, options);

    return http_open(doors->base, doors->ring, doors->series, &http);
}

static struct lines *open_lines(const struct doors *doors, const struct emitter_options *options)
{
    return lines_open(doors->base, &options->lines_listen, doors->ring, doors->series);
}

int doors_open(struct doors *doors, const struct emitter_options *options)
{
    doors->open = true;
    if (options->http_on && !(doors->http = open_http(doors, options)))
        return -1;
    if (options->lines_on && !(doors->lines = open_lines(doors, options)))
        return -1;
    return 0;
}

/* Whether a door that has the socket (NULL: none) is to be elsewhere, or to be off or on. */
static bool moves(const struct listening *old, bool on, const struct address *wanted)
{
    if (!old || !on)
        return old || on;
    return old->address.len != wanted->len ||
           memcmp(&old->address.sockaddr, &wanted->sockaddr, wanted->len) != 0;
}

static struct moves find_moves(const struct doors *doors, const struct emitter_options *options)
{
    struct listening *http = doors->http ? http_listening(doors->http) : NULL;
    struct listening *lines = doors->lines ? lines_listening(doors->lines) : NULL;
    struct moves found = {
        .http = moves(http, options->http_on, &options->http_listen),
        .lines = moves(lines, options->lines_on, &options->lines_listen),
    };

    found.old_http = found.http ? http : NULL;
    found.old_lines = found.lines ? lines : NULL;
    return found;
}

/* A socket that is in the way of a new door lets go of its address. */
static int make_way(struct listening *old, const char *door, const struct moves *moves,
                    const struct emitter_options *options)
{
    bool stands =
        old &&
        ((moves->http && options->http_on && listen_collides(old, &options->http_listen)) ||
         (moves->lines && options->lines_on && listen_collides(old, &options->lines_listen)));

    return stands ? listen_yield(old, door) : 0;
}

/* Opens what is to be opened; what stays takes its options last, since that cannot be undone. */
static int open_moved(const struct doors *doors, const struct moves *moves,
                      const struct emitter_options *options, struct http **http,
                      struct lines **lines)
{
    const struct http_options stays = http_options(doors, options);

    if (make_way(moves->old_http, "http", moves, options) < 0 ||
        make_way(moves->old_lines, "lines", moves, options) < 0)
        return -1;
    if (moves->http && options->http_on && !(*http = open_http(doors, options)))
        return -1;
    if (moves->lines && options->lines_on && !(*lines = open_lines(doors, options)))
        return -1;
    return moves->http || !doors->http ? 0 : http_adapt(doors->http, &stays);
}

static void say(const char *door, bool on, const struct address *address)
{
    char text[ADDRESS_TEXT_MAX];

    if (!on) {
        log_write(LOG_LEVEL_INFO, "%s: is off now", door);
        return;
    }
    address_format(address, text);
    log_write(LOG_LEVEL_INFO, "%s: listens on %s now", door, text);
}

int doors_adapt(struct doors *doors, const struct emitter_options *options)
{
    struct http *http = NULL;
    struct lines *lines = NULL;

    if (!doors->open)
        return 0;
    const struct moves moves = find_moves(doors, options);
    if (open_moved(doors, &moves, options, &http, &lines) < 0) {
        http_close(http);
        lines_close(lines);
        if (moves.old_http)
            listen_resume(moves.old_http, "http");
        if (moves.old_lines)
            listen_resume(moves.old_lines, "lines");
        return -1;
    }
    if (moves.http) {
        http_close(doors->http);
        doors->http = http;
        say("http", http != NULL, &options->http_listen);
    }
    if (moves.lines) {
        lines_close(doors->lines);
        doors->lines = lines;
        say("lines", lines != NULL, &options->lines_listen);
    }
    return 0;
}

void doors_notify(struct doors *doors)
{
    if (doors->lines)
        lines_notify(doors->lines);
}

struct doors_clients doors_clients(const struct doors *doors)
{
    return (struct doors_clients){
        .http = doors->http ? http_clients(doors->http) : 0,
        .lines = doors->lines ? lines_clients(doors->lines) : 0,
    };
}
