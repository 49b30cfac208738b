#include "agent/config/schema.h"

#include "agent/config/check.h"
#include "agent/config/config.h"
#include "agent/config/duration.h"
#include "agent/config/size.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int schema_refuse(enum schema_id id, const char *found, const char *detail, char *reason)
{
    bool more = detail[0] != '\0';

    snprintf(reason, SCHEMA_REASON_MAX, "must be %s, not %s%s%s%s", schema_row(id)->accepted, found,
             more ? " (" : "", detail, more ? ")" : "");
    return -1;
}

static int set_text(const struct schema_row *row, char **place, const char *text, char *reason)
{
    size_t len = strlen(text);

    while (row->kind == SCHEMA_IS_PATH && len > 1 && text[len - 1] == '/')
        len--;
    char *copy = strndup(text, len);
    if (!copy) {
        snprintf(reason, SCHEMA_REASON_MAX, "there is not enough memory");
        return -1;
    }
    free(*place);
    *place = copy;
    return 0;
}

static bool in_range(const struct schema_row *row, double number)
{
    return number >= row->min && number <= row->max;
}

static bool whole_in_range(const struct schema_row *row, double number)
{
    return in_range(row, number) && number == (double)(unsigned)number;
}

static bool set_history(const struct schema_row *row, struct config *config,
                        const struct schema_value *value)
{
    unsigned duration_s = 0;

    if (value->type == SCHEMA_NUMBER && whole_in_range(row, value->number))
        config->history = (size_t)value->number;
    else if (value->type != SCHEMA_TEXT || duration_parse(value->text, &duration_s) < 0)
        return false;
    config->history_s = duration_s;
    return true;
}

static bool set_whole(const struct schema_row *row, unsigned *place,
                      const struct schema_value *value)
{
    bool good = value->type == SCHEMA_NUMBER && whole_in_range(row, value->number);

    if (good)
        *place = (unsigned)value->number;
    return good;
}

static bool set_seconds(const struct schema_row *row, unsigned *place_ms,
                        const struct schema_value *value)
{
    bool good = value->type == SCHEMA_NUMBER && in_range(row, value->number);

    if (good)
        *place_ms = (unsigned)(value->number * 1000 + 0.5);
    if (good && *place_ms == 0 && value->number > 0)
        *place_ms = 1; /* 0 can have a meaning of its own */
    return good;
}

static bool set_size(const struct schema_row *row, uint64_t *place,
                     const struct schema_value *value)
{
    uint64_t bytes = 0;

    if (value->type == SCHEMA_TEXT && size_parse(value->text, &bytes) < 0)
        return false;
    double number = value->type == SCHEMA_TEXT ? (double)bytes : value->number;
    bool good = (value->type == SCHEMA_TEXT || value->type == SCHEMA_NUMBER) &&
                in_range(row, number) && number == (double)(uint64_t)number;
    if (good)
        *place = (uint64_t)number;
    return good;
}

static bool set_flag(bool *place, const struct schema_value *value)
{
    if (value->type == SCHEMA_FLAG)
        *place = value->flag;
    return value->type == SCHEMA_FLAG;
}

static bool set_choice(const struct schema_row *row, bool *place, const struct schema_value *value)
{
    bool no = value->type == SCHEMA_TEXT && strcmp(value->text, row->words[0]) == 0;
    bool yes = value->type == SCHEMA_TEXT && strcmp(value->text, row->words[1]) == 0;

    if (yes || no)
        *place = yes;
    return yes || no;
}

int schema_set(enum schema_id id, void *base, const struct schema_value *value, char *reason)
{
    const struct schema_row *row = schema_row(id);
    void *place = (char *)base + row->at;
    char detail[CHECK_DETAIL_MAX] = "";
    bool good = false;

    switch (row->kind) {
    case SCHEMA_IS_TEXT:
    case SCHEMA_IS_PATH:
        if (value->type == SCHEMA_TEXT && row->check(value->text, detail))
            return set_text(row, place, value->text, reason);
        break;
    case SCHEMA_IS_WHOLE:
        good = set_whole(row, place, value);
        break;
    case SCHEMA_IS_SECONDS:
        good = set_seconds(row, place, value);
        break;
    case SCHEMA_IS_HISTORY:
        good = set_history(row, base, value);
        break;
    case SCHEMA_IS_SIZE:
        good = set_size(row, place, value);
        break;
    case SCHEMA_IS_FLAG:
        good = set_flag(place, value);
        break;
    case SCHEMA_IS_CHOICE:
        good = set_choice(row, place, value);
        break;
    case SCHEMA_IS_OBJECT: /* these hold no value themselves */
    case SCHEMA_IS_SWITCH:
    case SCHEMA_IS_LIST:
    case SCHEMA_IS_MAP:
        break;
    }
    return good ? 0 : schema_refuse(id, value->found, detail, reason);
}
