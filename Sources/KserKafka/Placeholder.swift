import Kser
