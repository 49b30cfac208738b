#include "agent/config/locate.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define PATH_LEVELS 8

static const char *skip_space(const char *p)
{
    return p + strspn(p, " \t\r\n");
}

static const char *skip_string(const char *p)
{
    for (p++; *p && *p != '"'; p++)
        if (*p == '\\' && p[1])
            p++;
    return *p ? p + 1 : p;
}

const char *locate_root(const char *text)
{
    return skip_space(text);
}

const char *locate_end(const char *value)
{
    const char *p = value;
    size_t depth = 0;

    if (*p != '"' && *p != '{' && *p != '[')
        return p + strcspn(p, ",:]} \t\r\n");
    do {
        if (*p == '"') {
            p = skip_string(p);
            continue;
        }
        if (*p == '{' || *p == '[')
            depth++;
        else if (*p == '}' || *p == ']')
            depth--;
        p++;
    } while (depth > 0 && *p);
    return p;
}

const char *locate_first(const char *value)
{
    const char *member = skip_space(value + 1);

    return *member && *member != '}' && *member != ']' ? member : NULL;
}

const char *locate_value(const char *member)
{
    const char *p = skip_space(locate_end(member));

    return *p == ':' ? skip_space(p + 1) : member;
}

const char *locate_next(const char *member)
{
    const char *p = skip_space(locate_end(locate_value(member)));

    return *p == ',' ? skip_space(p + 1) : NULL;
}

const char *locate_start(const char *text, const char *last)
{
    const char *p = last;

    if (*p != '"') {
        while (p > text && strchr("+-.eE0123456789", p[-1]))
            p--;
        return p;
    }
    /* Within a string every quote follows a backslash, and the one that opens it never does. */
    while (p > text) {
        p--;
        if (*p == '"' && (p == text || p[-1] != '\\'))
            break;
    }
    return p;
}

struct locate_spot locate_spot(const char *text, const char *at)
{
    struct locate_spot spot = {.line = 1, .column = 1};

    for (const char *p = text; p < at && *p; p++) {
        spot.column++;
        if (*p == '\n') {
            spot.line++;
            spot.column = 1;
        }
    }
    return spot;
}

static void append_key(char *path, size_t size, const char *key)
{
    size_t len = strlen(path);
    size_t whole = (size_t)(locate_end(key) - key);
    size_t inner = strspn(key + 1, "abcdefghijklmnopqrstuvwxyz_");
    bool plain = inner > 0 && inner + 2 == whole;
    int shown = (int)(plain ? inner : whole);

    if (whole < size) /* else it would be cut anyway */
        snprintf(path + len, size - len, "%s%.*s", len > 0 ? "." : "", shown,
                 plain ? key + 1 : key);
    else
        snprintf(path + len, size - len, "%s%.*s...", len > 0 ? "." : "", 60, key);
}

static void append_index(char *path, size_t size, size_t index)
{
    size_t len = strlen(path);

    snprintf(path + len, size - len, "[%zu]", index);
}

void locate_path(const char *text, const char *at, char *path, size_t size)
{
    const char *value = locate_root(text);

    path[0] = '\0';
    for (int level = 0; level < PATH_LEVELS && value < at && (*value == '{' || *value == '[');
         level++) {
        bool keyed = *value == '{';
        const char *member = locate_first(value);
        size_t index = 0;

        if (!member || member > at)
            return;
        for (const char *next = locate_next(member); next && next <= at;
             next = locate_next(member)) {
            member = next;
            index++;
        }
        if (keyed)
            append_key(path, size, member);
        else
            append_index(path, size, index);
        if (member == at)
            return;
        value = locate_value(member);
    }
}
