#include "agent/config/check.h"

#include "agent/config/file.h"
#include "base/address.h"
#include "base/node.h"

#include <stdio.h>
#include <string.h>

/* How many bytes the character at `p` takes in UTF-8 (RFC 3629); 0: it is none. */
static size_t character_bytes(const char *p)
{
    const unsigned char *u = (const unsigned char *)p;
    size_t len = u[0] < 0x80 ? 1 : u[0] < 0xe0 ? 2 : u[0] < 0xf0 ? 3 : 4;

    if ((u[0] >= 0x80 && u[0] < 0xc2) || u[0] > 0xf4)
        return 0;
    for (size_t i = 1; i < len; i++)
        if ((u[i] & 0xc0) != 0x80)
            return 0;
    if ((u[0] == 0xe0 && u[1] < 0xa0) || (u[0] == 0xf0 && u[1] < 0x90)) /* overlong */
        return 0;
    if ((u[0] == 0xed && u[1] > 0x9f) || (u[0] == 0xf4 && u[1] > 0x8f)) /* beyond Unicode */
        return 0;
    return len;
}

bool check_text(const char *text, char *detail)
{
    const char *p = text;

    while (*p && character_bytes(p) > 0)
        p += character_bytes(p);
    if (*p)
        snprintf(detail, CHECK_DETAIL_MAX, "it is no UTF-8");
    else if (p - text > CHECK_TEXT_MAX)
        snprintf(detail, CHECK_DETAIL_MAX, "it has more than %d bytes", CHECK_TEXT_MAX);
    return !*p && p > text && p - text <= CHECK_TEXT_MAX;
}

bool check_word(const char *text, char *detail)
{
    for (const char *p = text; *p; p++)
        if ((unsigned char)*p <= ' ' || *p == 0x7f)
            return false;
    return check_text(text, detail);
}

bool check_path(const char *text, char *detail)
{
    if (text[0] != '/')
        return false;
    for (const char *part = text; part; part = strchr(part + 1, '/')) {
        size_t len = strcspn(part + 1, "/");
        bool last = part[len + 1] == '\0';

        if (len == 0 && !last)
            snprintf(detail, CHECK_DETAIL_MAX, "it has an empty part");
        else if (len <= 2 && len > 0 && strncmp(part + 1, "..", len) == 0)
            snprintf(detail, CHECK_DETAIL_MAX, "it has a part \"%.*s\"", (int)len, part + 1);
        else
            continue;
        return false;
    }
    return check_text(text, detail);
}

bool check_run_dir(const char *text, char *detail)
{
    size_t len = strlen(text);

    if (!check_path(text, detail))
        return false;
    if (len > 1 && text[len - 1] == '/')
        len--;
    if (len > CHECK_RUN_DIR_MAX)
        snprintf(detail, CHECK_DETAIL_MAX, "it has %zu bytes", len);
    return len <= CHECK_RUN_DIR_MAX;
}

bool check_argument(const char *text, char *detail)
{
    return text[0] == '\0' || check_text(text, detail);
}

static bool check_rule(const char *text, const struct file_rule *rule, char *detail)
{
    const char *why = NULL;

    if (!check_path(text, detail))
        return false;
    if (file_check(text, rule, &why) == 0)
        return true;
    snprintf(detail, CHECK_DETAIL_MAX, "%s", why);
    return false;
}

bool check_file(const char *text, char *detail)
{
    return check_rule(text, &(struct file_rule){.regular = true}, detail);
}

bool check_secret_file(const char *text, char *detail)
{
    return check_rule(text, &(struct file_rule){.secret = true}, detail);
}

static bool check_part(const char *part, size_t len, char *detail)
{
    for (size_t i = 0; i < len; i++) {
        size_t bytes = character_bytes(part + i);

        if (node_byte(part[i]))
            continue;
        snprintf(detail, CHECK_DETAIL_MAX, "character \"%.*s\"", (int)(bytes > 0 ? bytes : 1),
                 part + i);
        return false;
    }
    if (len == 0)
        snprintf(detail, CHECK_DETAIL_MAX, "it is empty");
    else if (len > NODE_MAX)
        snprintf(detail, CHECK_DETAIL_MAX, "it has more than %d bytes", NODE_MAX);
    return len > 0 && len <= NODE_MAX;
}

bool check_node(const char *text, char *detail)
{
    return check_part(text, strlen(text), detail);
}

bool check_name(const char *text, char *detail)
{
    return strcmp(text, "error") != 0 && check_node(text, detail);
}

bool check_namespace(const char *text, char *detail)
{
    size_t number = 1;
    char why[CHECK_DETAIL_MAX - 32] = "";

    if (strlen(text) > CHECK_NAMESPACE_MAX) {
        snprintf(detail, CHECK_DETAIL_MAX, "it has more than %d bytes", CHECK_NAMESPACE_MAX);
        return false;
    }
    for (const char *part = text; part; number++) {
        size_t len = strcspn(part, ".");

        if (!check_part(part, len, detail)) {
            snprintf(why, sizeof why, "%s", detail);
            snprintf(detail, CHECK_DETAIL_MAX, "part %zu: %s", number, why);
            return false;
        }
        part = part[len] == '.' ? part + len + 1 : NULL;
    }
    return true;
}

bool check_listen(const char *text, char *detail)
{
    struct address address;
    const char *why = NULL; /* not used: the key's row says it all */

    return check_text(text, detail) &&
           (strcmp(text, "off") == 0 || address_parse_listen(text, &address, &why) == 0);
}

bool check_peer(const char *text, char *detail)
{
    struct address_peer peer;
    const char *why = NULL;

    return check_text(text, detail) && address_parse_peer(text, &peer, &why) == 0;
}

bool check_host(const char *text, char *detail)
{
    char peer[ADDRESS_HOST_MAX + sizeof "[]:1"];
    bool bare_ipv6 = text[0] != '[' && strchr(text, ':');
    int len = snprintf(peer, sizeof peer, bare_ipv6 ? "[%s]:1" : "%s:1", text);

    return len > 0 && (size_t)len < sizeof peer && check_peer(peer, detail);
}
