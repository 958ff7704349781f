/* The terminal of a person: how wide it is, and typing that is not shown. */
#ifndef SAP_PROCESS_TERMINAL_H
#define SAP_PROCESS_TERMINAL_H

/* The columns of the terminal that a descriptor is; 0 where it is none, or does not say. */
int sap_terminal_width(int fd);

/* Whether from now on what is typed at the terminal is not shown, but for the ends of lines. */
int sap_hide_typing(int fd);

/* Shows again what is typed, where it was hidden. A handler of signals may call it. */
void sap_show_typing(void);

#endif
