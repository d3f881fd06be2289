/* config_check.h - is this text a link name, an address, a module...? For the key table.
 *
 * Each takes text that it may put in normal form (lower case MAC, '_' for '-' in module names) and
 * returns NULL, or why it is not one: half a sentence for "'KEY' cannot be 'TEXT': ...".
 */
#ifndef KH_CONFIG_CHECK_H
#define KH_CONFIG_CHECK_H

#include <stdbool.h>

/* A name for our bridge. Source: dev_valid_name() in net/core/dev.c (fewer than 16 characters, no
 * '/', ':' or white space, not "." or ".."); and no character that the files of a network manager,
 * some of them sourced by a shell, would need quoted. */
const char *kh_config_check_bridge(char *text);
/* "auto", "none", a link's name or a MAC address (of one station; normal form aa:bb:cc:dd:ee:ff).
 */
const char *kh_config_check_port(char *text);
/* An address of a host with its prefix length. Source: inet_pton(3). */
const char *kh_config_check_address(char *text);
/* An address without a prefix length, for gateways and name servers. */
const char *kh_config_check_server(char *text);
/* Of a server, or any (0.0.0.0, ::). */
const char *kh_config_check_listen(char *text);
/* Is a text that passed one of the two above IPv6? */
bool kh_config_is_ipv6(const char *text);
/* A module's name, '-' becomes '_' as the kernel has it. */
const char *kh_config_check_module(char *text);
const char *kh_config_check_option_name(char *text);
/* A value in a modprobe.d options line. Source: modprobe.d(5): words, '\' continues a line. */
const char *kh_config_check_option_value(char *text);
/* One kernel argument; not one that another key owns. Source: Documentation/admin-guide/
 * kernel-parameters.rst (blanks only inside double quotes). */
const char *kh_config_check_argument(char *text);
/* A mount point: absolute, no "..", no blanks. */
const char *kh_config_check_mount(char *text);
/* "auto", "upstream", "distro", an absolute path or an https, http or file URL. */
const char *kh_config_check_provider(char *text);
/* An absolute path: no "..", no blanks or characters that makefiles and shells treat specially. */
const char *kh_config_check_path(char *text);
/* A directory of its own: not "/" nor a top-level one. */
const char *kh_config_check_store(char *text);
/* The same, where programs are installed; not "/". */
const char *kh_config_check_prefix(char *text);
/* "auto", or a number from 1 to 4096. */
const char *kh_config_check_jobs(char *text);
/* "auto", or a name of an account. Source: useradd(8), CAVEATS. */
const char *kh_config_check_account(char *text);
/* "distro", "none", or an exact version ("6.12.104", "1:7.2+dfsg-7+deb12u18"). */
const char *kh_config_check_version(char *text);
/* 64 hexadecimal digits, made lower case. */
const char *kh_config_check_sha256(char *text);
/* "host", "running", "defconfig", or an absolute path. */
const char *kh_config_check_base(char *text);
/* "self", or an absolute path. */
const char *kh_config_check_host(char *text);
/* A shipped fragment's name (kvm-host), or an absolute path. */
const char *kh_config_check_fragment(char *text);
/* The end of a kernel release. Source: uname(2), 64 characters for all of it; setlocalversion. */
const char *kh_config_check_localversion(char *text);
/* "x86_64-softmmu" */
const char *kh_config_check_target(char *text);
/* An option: begins with "--", without blanks. */
const char *kh_config_check_configure(char *text);
/* The id of a readiness check: "cpu.aes". */
const char *kh_config_check_id(char *text);
/* A sysctl's name: "vm.swappiness", "net/ipv4/conf/eth0.1/rp_filter"; not one that another key
 * owns. */
const char *kh_config_check_sysctl_name(char *text);
const char *kh_config_check_sysctl_value(char *text);

#endif
