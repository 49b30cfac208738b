#include "emitter/status.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

/* jansson makes nothing of what is no UTF-8: of such a text only the ASCII is kept. */
static json_t *text(const char *bytes)
{
    json_t *string = json_string(bytes);

    if (string)
        return string;

    char *ascii = strdup(bytes);
    if (!ascii)
        return NULL;
    for (char *p = ascii; *p; p++)
        if (*p & 0x80)
            *p = '?';
    string = json_string(ascii);
    free(ascii);
    return string;
}

static json_t *number(uint64_t value)
{
    return json_integer((json_int_t)value);
}

/* null where there is no such time: what is below `least` says so. */
static json_t *known(int64_t value, int64_t least)
{
    return value < least ? json_null() : json_integer(value);
}

/* A NULL value, where memory is short, makes it NULL; all values are taken over in any case. */
static json_t *target(const struct target_status *status)
{
    json_t *object = json_object();
    int failed = 0;

    failed |= json_object_set_new(object, "name", text(status->name));
    failed |= json_object_set_new(object, "state", text(status->state));
    failed |=
        json_object_set_new(object, "error", status->error ? text(status->error) : json_null());
    failed |= json_object_set_new(object, "sent", number(status->sent));
    failed |= json_object_set_new(object, "owed", number(status->owed));
    failed |= json_object_set_new(object, "lost", number(status->lost));
    failed |= json_object_set_new(object, "lost_from_s", known(status->lost_from_s, 1));
    failed |= json_object_set_new(object, "lost_to_s", known(status->lost_to_s, 1));
    failed |= json_object_set_new(object, "reconnects", number(status->reconnects));
    failed |= json_object_set_new(object, "acked_age_ms", known(status->acked_age_ms, 0));
    if (!failed)
        return object;
    json_decref(object);
    return NULL;
}

static json_t *targets(const struct status *status)
{
    json_t *array = json_array();

    for (size_t i = 0; i < status->target_count; i++) {
        if (json_array_append_new(array, target(&status->targets[i])) < 0) {
            json_decref(array);
            return NULL;
        }
    }
    return array;
}

static json_t *file(const struct store_status *status)
{
    if (!status)
        return json_null();
    return json_pack("{s:s, s:o, s:o, s:o}", "state", status->state, "error",
                     status->error ? text(status->error) : json_null(), "behind",
                     number(status->behind), "size_bytes", number(status->size_bytes));
}

static json_t *configuration(const struct status *status)
{
    return json_pack("{s:o, s:o, s:o, s:o}", "reloads", number(status->reloads), "refused",
                     number(status->reloads_refused), "last_s", known(status->reload_last_s, 1),
                     "error", status->reload_error ? text(status->reload_error) : json_null());
}

static int add_whole(json_t *object, const struct status *status)
{
    json_t *newest =
        json_pack("{s:o, s:o}", "timestamp_s", json_integer(status->newest_timestamp_s), "age_s",
                  json_integer(status->newest_age_s));
    json_t *ring = json_pack("{s:o, s:o, s:o, s:o}", "snapshots", number(status->ring_snapshots),
                             "capacity", number(status->ring_capacity), "bytes",
                             number(status->ring_bytes), "file", file(status->file));
    json_t *http = json_pack("{s:o}", "clients", number(status->http_clients));
    json_t *lines = json_pack("{s:o}", "clients", number(status->lines_clients));
    int failed = 0;

    failed |= json_object_set_new(object, "start_time_s", json_integer(status->start_time_s));
    failed |= json_object_set_new(object, "uptime_s", json_integer(status->uptime_s));
    failed |= json_object_set_new(object, "newest", newest);
    failed |= json_object_set_new(object, "ring", ring);
    failed |= json_object_set_new(object, "http", http);
    failed |= json_object_set_new(object, "lines", lines);
    failed |= json_object_set_new(object, "configuration", configuration(status));
    failed |= json_object_set_new(object, "targets", targets(status));
    return failed;
}

char *status_text(const struct status *status, bool whole)
{
    json_t *object = json_object();
    char *result = NULL;
    int failed = 0;

    failed |= json_object_set_new(object, "status", json_string(status->healthy ? "ok" : "stale"));
    failed |= json_object_set_new(object, "version", text(status->version));
    if (whole)
        failed |= add_whole(object, status);
    if (!failed)
        result = json_dumps(object, JSON_INDENT(2));
    json_decref(object);
    return result;
}
