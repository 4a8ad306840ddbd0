"""Reading a mailbox: mails out of IMAP, POP3 or files, safe at a door, and then filed.

`scanning` goes through a mailbox. What it goes through is a `ports.Session` (`opening` makes those of IMAP and POP3;
the command adds mbox and Maildir), where mails are made safe is a `ports.Door`, and how far it came is a
`ports.State`: it knows neither AWS nor the files of a machine.
"""
