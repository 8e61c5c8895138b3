//! Connections to hosts: ssh, local, agent start, become, file transfer
