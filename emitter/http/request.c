#include "emitter/http/request.h"

#include <stdint.h>
#include <string.h>
#include <strings.h>

bool request_part_is(struct request_part part, const char *text)
{
    return part.len == strlen(text) && memcmp(part.at, text, part.len) == 0;
}

bool request_part_is_nocase(struct request_part part, const char *text)
{
    return part.len == strlen(text) && strncasecmp(part.at, text, part.len) == 0;
}

/* Not ctype.h's, which ask the locale. */
static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_alphanumeric(char c)
{
    char lower = (char)(c | 0x20);

    return is_digit(c) || (lower >= 'a' && lower <= 'z');
}

/* `others` are the characters beside letters and digits. */
static bool consists_of(struct request_part part, const char *others)
{
    for (size_t i = 0; i < part.len; i++)
        if (!is_alphanumeric(part.at[i]) && (!part.at[i] || !strchr(others, part.at[i])))
            return false;
    return true;
}

static const char token_others[] = "!#$%&'*+-.^_`|~";

static bool is_token(struct request_part part)
{
    return part.len > 0 && consists_of(part, token_others);
}

static bool is_text(struct request_part part)
{
    for (size_t i = 0; i < part.len; i++)
        if (((unsigned char)part.at[i] < ' ' && part.at[i] != '\t') || part.at[i] == 0x7f)
            return false;
    return true;
}

/* Cuts off what comes before the first `separator`, and that; all where there is none. */
static struct request_part cut(struct request_part *from, char separator)
{
    const char *end = from->len > 0 ? memchr(from->at, separator, from->len) : NULL;
    struct request_part part = {from->at, end ? (size_t)(end - from->at) : from->len};

    *from = end ? (struct request_part){end + 1, from->len - part.len - 1}
                : (struct request_part){NULL, 0};
    return part;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static struct request_part trim(struct request_part part)
{
    while (part.len > 0 && is_blank(part.at[0])) {
        part.at++;
        part.len--;
    }
    while (part.len > 0 && is_blank(part.at[part.len - 1]))
        part.len--;
    return part;
}

/* The path of `http://host/path`, which a proxy is asked for, begins behind the host. */
static struct request_part skip_origin(struct request_part path)
{
    const char *scheme_end =
        path.len > 0 && path.at[0] != '/' ? memmem(path.at, path.len, "://", 3) : NULL;

    if (!scheme_end)
        return path;
    const char *end = path.at + path.len;
    const char *host = scheme_end + 3;
    const char *slash = memchr(host, '/', (size_t)(end - host));
    return slash ? (struct request_part){slash, (size_t)(end - slash)}
                 : (struct request_part){end, 0};
}

static bool take_target(struct request *request, struct request_part target)
{
    if (target.len == 0 || !is_text(target) || memchr(target.at, '\t', target.len))
        return false;
    struct request_part rest = cut(&target, '#');
    request->path = skip_origin(cut(&rest, '?'));
    request->query = rest;
    return true;
}

static bool take_version(struct request *request, struct request_part version)
{
    static const char name[] = "HTTP/1.";
    size_t len = sizeof name - 1;

    if (version.len != len + 1 || memcmp(version.at, name, len) != 0 || !is_digit(version.at[len]))
        return false;
    request->old = version.at[len] == '0';
    return true;
}

static bool take_request_line(struct request *request, struct request_part line)
{
    request->method = cut(&line, ' ');
    struct request_part target = cut(&line, ' ');
    return is_token(request->method) && take_target(request, target) && take_version(request, line);
}

static bool take_host(struct request *request, struct request_part value)
{
    bool first = !request->has_host;

    request->has_host = true;
    return first && consists_of(value, "-._~!$&'()*+,;=%:[]");
}

static bool take_connection(struct request *request, struct request_part value)
{
    while (value.at) {
        struct request_part option = trim(cut(&value, ','));

        request->closes |= request_part_is_nocase(option, "close");
        request->stays |= request_part_is_nocase(option, "keep-alive");
    }
    return true;
}

static bool take_length(struct request *request, struct request_part value)
{
    bool first = !request->has_length;
    size_t length = 0;

    for (size_t i = 0; i < value.len; i++) {
        if (!is_digit(value.at[i]) || length > (SIZE_MAX - 9) / 10)
            return false;
        length = length * 10 + (size_t)(value.at[i] - '0');
    }
    bool same = first || length == request->length;
    request->has_length = true;
    request->length = length;
    return value.len > 0 && same;
}

/* No other coding could be understood, and two of them neither. */
static bool take_coding(struct request *request, struct request_part value)
{
    bool first = !request->chunked;

    request->chunked = true;
    return first && request_part_is_nocase(value, "chunked");
}

static bool take_authorization(struct request *request, struct request_part value)
{
    bool first = !request->authorization.at;

    request->authorization = value;
    return first;
}

static bool take_expectation(struct request *request, struct request_part value)
{
    (void)value;
    request->expects = true;
    return true;
}

static const struct {
    const char *name;
    bool (*take)(struct request *request, struct request_part value);
} fields[] = {
    {"Host", take_host},
    {"Connection", take_connection},
    {"Content-Length", take_length},
    {"Transfer-Encoding", take_coding},
    {"Authorization", take_authorization},
    {"Expect", take_expectation},
};

/* A line that goes on with the one before begins with a blank, so it has no name. */
static bool take_field(struct request *request, struct request_part line)
{
    struct request_part name = cut(&line, ':');

    if (!line.at || !is_token(name) || !is_text(line))
        return false;
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        if (request_part_is_nocase(name, fields[i].name))
            return fields[i].take(request, trim(line));
    return true;
}

static enum request_state end_head(struct request *request)
{
    if ((!request->old && !request->has_host) || (request->chunked && request->has_length))
        return REQUEST_REFUSED;
    request->head_bytes = request->line;
    request->keep_alive = !request->closes && (!request->old || request->stays);
    bool waits = request->expects && !request->old && request->length > 0;
    request->body_left = request->chunked || waits || request->length > REQUEST_BODY_MAX_BYTES;
    request->body_bytes = request->body_left ? 0 : request->length;
    return REQUEST_WHOLE;
}

/* What begins in no way that a request can, such as TLS, may never have an end of a line. */
static bool begins_badly(const struct request *request, const char *bytes, size_t len)
{
    const char *first = bytes + request->line;

    return !request->method.at && len > request->line && *first != '\r' &&
           !is_token((struct request_part){first, 1});
}

enum request_state request_parse(struct request *request, const char *bytes, size_t len)
{
    size_t end = len < REQUEST_HEAD_MAX_BYTES ? len : REQUEST_HEAD_MAX_BYTES;
    const char *newline = NULL;

    if (request->head_bytes > 0)
        return REQUEST_WHOLE;
    while ((newline = memchr(bytes + request->searched, '\n', end - request->searched))) {
        struct request_part line = {bytes + request->line,
                                    (size_t)(newline - bytes) - request->line};

        request->line = request->searched = (size_t)(newline - bytes) + 1;
        if (line.len == 0 || line.at[--line.len] != '\r')
            return REQUEST_REFUSED;
        if (line.len == 0 && request->method.at)
            return end_head(request);
        if (line.len > 0 &&
            !(request->method.at ? take_field(request, line) : take_request_line(request, line)))
            return REQUEST_REFUSED;
    }
    request->searched = end;
    return end == REQUEST_HEAD_MAX_BYTES || begins_badly(request, bytes, end) ? REQUEST_REFUSED
                                                                              : REQUEST_MORE;
}
