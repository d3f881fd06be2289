/* terminal.c - what the terminal can show: colours, characters, columns. */
#include <langinfo.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cmd/cmd.h"

bool kh_terminal_is_dumb(void)
{
	const char *term = getenv("TERM");
	return term && strcmp(term, "dumb") == 0;
}

bool kh_wants_color(void)
{
	const char *no_color = getenv("NO_COLOR");
	return isatty(STDOUT_FILENO) && !(no_color && *no_color) && !kh_terminal_is_dumb();
}

/* The process itself stays in the locale "C". */
bool kh_wants_utf8(void)
{
	locale_t locale = newlocale(LC_CTYPE_MASK, "", (locale_t)0);
	if (!locale)
		return false;
	bool is = strcmp(nl_langinfo_l(CODESET, locale), "UTF-8") == 0;
	freelocale(locale);
	return is;
}

/* A serial console does not know its size: who sits there may have said it in COLUMNS. */
size_t kh_terminal_columns(int fd)
{
	enum { USUAL = 80, MOST = 400 };
	struct winsize size = {0};
	if (ioctl(fd, TIOCGWINSZ, &size) != 0)
		return USUAL;
	const char *told = getenv("COLUMNS");
	long long columns = size.ws_col > 0 ? size.ws_col : told ? kh_str_number(told) : -1;
	return columns <= 0 ? USUAL : columns < MOST ? (size_t)columns : MOST;
}

size_t kh_text_width(void)
{
	enum { LEAST = 40, MOST = 120 }; /* longer lines are hard to read */
	size_t columns = kh_terminal_columns(STDOUT_FILENO);
	return columns < LEAST ? LEAST : columns > MOST ? MOST : columns;
}

char *kh_shown_title(const char *title)
{
	static const char arrow[] = " → ";
	const char *at = title, *found;
	struct kh_str out = {0};
	bool is_utf8 = kh_wants_utf8();
	while (!is_utf8 && (found = strstr(at, arrow)) != NULL) {
		kh_str_add_bytes(&out, at, (size_t)(found - at));
		kh_str_add_bytes(&out, " -> ", strlen(" -> "));
		at = found + strlen(arrow);
	}
	kh_str_add_bytes(&out, at, strlen(at));
	return kh_str_take(&out);
}
